import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Perturbation maps of a tiny classifier against direct formulas in float64 (`Scripts/golden/perturbation.py`).
@Suite struct PerturbationTests {
    struct Index: Decodable {
        let target: Int
        let tolerance: Double
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/perturbation")

    /// The golden model, its arrays, and a folder with the arrays that methods read as files.
    struct Fixture {
        let attributor: Attributor
        let arrays: [String: AnyTensor]
        let index: Index
        let files = Result { try TemporaryFolder() }

        init() throws {
            index = try Golden.decode(Index.self, "perturbation/perturbation.json")
            arrays = try NumpyArchive.read(path: folder.appending(path: "perturbation.npz").path)
            attributor = Attributor(
                try Model(contentsOf: folder.appending(path: "tiny.onnx").path, engine: ONNXRuntimeEngine()))
            for name in ["baseline", "segments", "segments.own", "masks"] {
                try Numpy.write(array(name), path: path(name))
            }
        }

        func array(_ name: String) throws -> AnyTensor { try #require(arrays[name]) }
        func path(_ name: String) throws -> String { try files.get().path(name + ".npy") }

        func attribute(
            _ method: String, sample: Int? = nil, settings: RunSettings = RunSettings()
        ) throws -> Attribution {
            var input = try array("input")
            if let sample { input = try input.rows([sample]) }
            var text = method
            for name in ["baseline", "segments.own", "segments", "masks"] {
                text = text.replacingOccurrences(of: "=\(name).npy", with: "=\(try path(name))")
            }
            return try attributor.attribute(
                inputs: ["input": input], target: .classIndex(index.target),
                methods: [MethodSpecification(parsing: text)], settings: settings)[0]
        }
    }

    @Test(arguments: [
        ("occlusion:window=5x4,stride=3x2", "occlusion.0"),
        ("occlusion:window=5x4,stride=3x2,baseline=baseline.npy", "occlusion.file"),
        ("occlusion", "occlusion.default"),
        ("occlusion:window=2,stride=4x3", "occlusion.gaps"),
        ("feature-ablation:segments=segments.npy,baseline=baseline.npy", "feature-ablation"),
        ("feature-ablation:segments=segments.own.npy", "feature-ablation.own"),
        ("rise:masks=masks.npy", "rise.file"),
        ("rise:masks=masks.npy,centre=true", "rise.centred"),
        ("rise:samples=40,grid=3,p=0.4,seed=5", "rise.drawn"),
        ("lime:segments=segments.npy,baseline=baseline.npy,samples=64,seed=11", "lime"),
        ("kernelshap:segments=segments.npy,baseline=baseline.npy", "kernelshap"),
    ])
    func mapsEqualTheDirectFormula(_ method: String, _ key: String) throws {
        let fixture = try Fixture()
        let found = try fixture.attribute(method)
        let expected = try fixture.array(key).floatTensor
        #expect(found.values.shape == expected.shape)
        #expect(try relativeError(found.values, expected) <= fixture.index.tolerance)
        if method.hasPrefix("rise") {
            let error = try #require(found.companions["standard-error"])
            #expect(try relativeError(error, fixture.array(key + ".error").floatTensor) <= fixture.index.tolerance)
            let mean = error.slice(0).elements.reduce(0) { $0 + Double($1) } / Double(error.slice(0).elements.count)
            #expect(abs(found.checks[0][1].value - mean) <= 1e-6 * mean)
        }
    }

    static let all = [
        "occlusion:window=5,stride=4,baseline=inpaint", "occlusion:window=3,stride=5,baseline=blur:1",
        "random-occlusion:samples=30,window=5,seed=2", "feature-ablation:segments=slic:9",
        "rise:samples=30,seed=4", "lime:segments=grid:3x2,samples=40", "kernelshap:segments=grid:4,samples=60",
        "sobol:grid=3,designs=4",
    ]

    @Test(arguments: all)
    func samplesOfABatchAreExplainedAloneAndASeedGivesTheSameBytes(_ method: String) throws {
        let fixture = try Fixture()
        let both = try fixture.attribute(method).values
        #expect(both.shape == [2, 1, 14, 11])
        #expect(try fixture.attribute(method).values == both)
        for sample in 0..<2 {
            let alone = try fixture.attribute(method, sample: sample).values
            #expect(alone.slice(0) == both.slice(sample))
            #expect(Set(alone.elements).count > 2)
        }
    }

    @Test(arguments: all.filter { !$0.contains("baseline=inpaint") })
    func aSmallMemoryBudgetGivesTheSameMap(_ method: String) throws {
        let fixture = try Fixture()
        let whole = try fixture.attribute(method).values
        let piecewise = try fixture.attribute(method, settings: RunSettings(memory: 1)).values
        #expect(try relativeError(piecewise, whole) <= 1e-4)
    }

    @Test(arguments: ["random-occlusion:samples=30", "rise:samples=30", "lime:samples=40", "sobol:grid=3,designs=4"])
    func anotherSeedGivesAnotherMap(_ method: String) throws {
        let fixture = try Fixture()
        #expect(try fixture.attribute(method + ",seed=1").values != fixture.attribute(method + ",seed=2").values)
    }

    @Test func shapleyValuesSumToTheScoresDifference() throws {
        let fixture = try Fixture()
        for segments in ["grid:2", "grid:5", "slic:30"] {
            let found = try fixture.attribute("kernelshap:samples=400,baseline=baseline.npy,segments=\(segments)")
            let reference = try fixture.attributor.attribute(
                inputs: ["input": try fixture.array("baseline")], target: .classIndex(fixture.index.target),
                methods: [MethodSpecification("score")])[0].scores[0]
            for sample in 0..<2 {
                let numbers = try #require(found.companions["segments"]).slice(sample).elements
                let values = Dictionary(
                    zip(numbers, found.values.slice(sample).elements), uniquingKeysWith: { first, _ in first })
                let sum = values.values.reduce(0) { $0 + Double($1) }
                #expect(abs(sum - Double(found.scores[sample] - reference)) < 1e-5)
                #expect(abs(found.checks[sample][0].value) < 1e-9)
            }
        }
    }

    @Test func drawnCoalitionsComeNearTheShapleyValuesOfAllCoalitions() throws {
        let fixture = try Fixture()
        // 4x4 segments: 65534 coalitions are tried where the samples allow it, else 4000 are drawn.
        let exact = try fixture.attribute("kernelshap:segments=grid:4,samples=70000", sample: 0).values
        let drawn = try fixture.attribute("kernelshap:segments=grid:4,samples=4000", sample: 0).values
        #expect(drawn != exact)
        #expect(try relativeError(drawn, exact) < 0.05)
    }

    @Test func aRunThatEndsEarlyKeepsWhatItHasAndSaysSo() throws {
        let fixture = try Fixture()
        let settings = RunSettings(memory: 1, time: .zero)
        for method in ["occlusion:window=3,stride=3", "rise", "lime", "kernelshap", "sobol:grid=3,designs=4"] {
            let found = try fixture.attribute(method, sample: 0, settings: settings)
            #expect(found.values.elements.allSatisfy { $0.isFinite }, "\(method)")
            #expect(found.notes.contains { $0.contains("the time was up") }, "\(method)")
        }
    }

    @Test func randomMasksStopWhereTheirRankingNoLongerChanges() throws {
        let fixture = try Fixture()
        let loose = try fixture.attribute("rise:samples=20000,grid=3,stop=0.01", sample: 0)
        let tight = try fixture.attribute("rise:samples=20000,grid=3,stop=0.001", sample: 0)
        let numbers = [loose, tight].map { $0.checks[0][0].value }
        #expect(numbers[0] >= 300 && numbers[0] < numbers[1] && numbers[1] < 20000)
        #expect(loose.notes.contains { $0.contains("ranking") })
        // The map is that of so many masks.
        let same = try fixture.attribute("rise:samples=\(Int(numbers[0])),grid=3", sample: 0)
        #expect(same.values == loose.values)
    }

    @Test(arguments: [
        "occlusion:window=0", "occlusion:stride=0x3", "occlusion:baseline=fog", "occlusion:baseline=black+white",
        "occlusion:baseline=black", "feature-ablation:segments=grid:0", "feature-ablation:segments=slic:-1",
        "feature-ablation:segments=baseline.npy", "feature-ablation:segments=no.npy", "rise:samples=0", "rise:p=0",
        "rise:masks=segments.npy", "rise:masks=baseline.npy", "kernelshap:samples=1", "lime:width=0", "sobol:grid=0",
        "random-occlusion:samples=nan",
    ])
    func absurdParametersAreNamed(_ method: String) throws {
        let fixture = try Fixture()
        #expect(throws: ExplanationError.self) { try fixture.attribute(method) }
    }

    @Test func segmentsThatAreNotWholeNumbersAreNamed() throws {
        let fixture = try Fixture()
        try TemporaryFolder.with { folder in
            let path = folder + "/half.npy"
            try Numpy.write(AnyTensor(Tensor<Float>(repeating: 0.5, shape: [14, 11])), path: path)
            #expect(throws: ExplanationError.self) { try fixture.attribute("feature-ablation:segments=\(path)") }
        }
    }
}
