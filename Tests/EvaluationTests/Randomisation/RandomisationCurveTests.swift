import Evaluation
import Explanations
import Testing

/// Curves of a trained network against PyTorch, which draws other numbers from the same distributions: means agree within their errors.
@Suite struct RandomisationCurveTests {
    static let seeds = 5

    /// Four standard errors of the difference of two means, the second over fewer draws, and what ties may change.
    private func expectAgreement(
        _ report: SanityReport, _ expected: [String: [String: [DigitNetwork.Golden.Point]]]
    ) throws {
        let draws = try Double(DigitNetwork.golden.get().draws)
        let factor = (1 + draws / Double(report.seeds)).squareRoot()
        for method in DigitNetwork.methods {
            for similarity in DigitNetwork.similarities {
                let points = try report.method(method.label).curve(similarity).points
                let golden = try #require(expected[method.name]?[similarity])
                try #require(points.count == golden.count)
                for (step, (point, truth)) in zip(points, golden).enumerated() {
                    let found = try #require(point).mean
                    #expect(
                        abs(found - truth.mean) <= 4 * truth.error * factor + 0.01,
                        "\(method.name), \(similarity), step \(step): \(found), expected \(truth)")
                }
            }
        }
    }

    @Test func cascadingEqualsPyTorch() throws {
        let report = try DigitNetwork().report(
            options: SanityCheckOptions(seeds: Self.seeds, blocks: nil))
        try expectAgreement(report, DigitNetwork.golden.get().cascading)
        #expect(report.blocks.count == 6 && report.mode == "cascading" && report.target == "fixed")
    }

    @Test func independentEqualsPyTorch() throws {
        let report = try DigitNetwork().report(
            options: SanityCheckOptions(mode: .independent, seeds: Self.seeds, blocks: nil))
        try expectAgreement(report, DigitNetwork.golden.get().independent)
        #expect(report.methods.allSatisfy { $0.complexityRise == nil })
    }

    @Test func aRechosenTargetEqualsPyTorch() throws {
        let report = try DigitNetwork().report(
            options: SanityCheckOptions(target: .rechosen, seeds: 2, blocks: nil))
        try expectAgreement(report, DigitNetwork.golden.get().rechosen)
    }

    /// Nothing is drawn here: the same numbers but for rounding, which changes ranks of nearly equal values.
    @Test func mapsOfDifferentPicturesAndOfPermutedLabelsEqualPyTorch() throws {
        let golden = try DigitNetwork.golden.get()
        let report = try DigitNetwork().report(
            options: SanityCheckOptions(blocks: 2, isUpperHalfEnough: true),
            other: DigitNetwork("digits_permuted.onnx"))
        for method in DigitNetwork.methods {
            for similarity in DigitNetwork.similarities {
                let curve = try report.method(method.label).curve(similarity)
                let floor = try #require(golden.floor[method.name]?[similarity])
                let labels = try #require(golden.labels[method.name]?[similarity])
                #expect(abs(try #require(curve.floor).mean - floor) < 2e-3, "\(method.name), \(similarity)")
                #expect(curve.floor?.count == 45)
                #expect(abs(try #require(curve.labels).mean - labels) < 2e-3, "\(method.name), \(similarity)")
            }
        }
    }

    /// The first step of both modes randomises the same block with the same draws, and other steps do not.
    @Test func theFirstStepIsTheSameInBothModes() throws {
        let network = try DigitNetwork(pictures: 2)
        let methods = [MethodSpecification("gradient"), MethodSpecification("gradcam")]
        let (cascading, independent) = (
            try network.measurements(methods, SanityCheckOptions(blocks: nil)),
            try network.measurements(methods, SanityCheckOptions(mode: .independent, blocks: nil))
        )
        func values(_ measured: SanityMeasurements, _ step: Int) -> [[Double?]] {
            measured.comparisons.filter { $0.step == step }.map(\.similarities)
        }
        #expect(values(cascading, 0) == values(independent, 0) && !values(cascading, 0).isEmpty)
        #expect(values(cascading, 3) != values(independent, 3))
    }

    @Test func aSeedGivesTheSameNumbersAgain() throws {
        let methods = [MethodSpecification("gradient"), try MethodSpecification(parsing: "smoothgrad:samples=3")]
        func values(_ options: SanityCheckOptions) throws -> [[Double?]] {
            try DigitNetwork(pictures: 2).measurements(methods, options).comparisons.map(\.similarities)
        }
        let once = try values(SanityCheckOptions(seeds: 2, blocks: 3))
        #expect(try values(SanityCheckOptions(seeds: 2, blocks: 3)) == once)
        // The second seed draws other numbers, whether the first was drawn before it or not.
        #expect(once.count == 24 && once[..<12] != once[12...])
        #expect(try values(SanityCheckOptions(blocks: 3)) == Array(once[..<12]))
    }

    /// A block's draws do not depend on how the layers are divided.
    @Test func fewerBlocksAreFewerPointsOfTheSameCurve() throws {
        let network = try DigitNetwork(pictures: 2)
        let methods = [MethodSpecification("gradient")]
        let all = try network.measurements(methods, SanityCheckOptions(blocks: nil))
        let few = try network.measurements(methods, SanityCheckOptions(blocks: 2))
        #expect(all.blocks.map(\.layers.count) == [1, 1, 1, 1, 1, 1] && few.blocks.map(\.layers.count) == [1, 5])
        func values(_ measured: SanityMeasurements, _ step: Int) -> [[Double?]] {
            measured.comparisons.filter { $0.step == step }.map(\.similarities)
        }
        #expect(values(all, 0) == values(few, 0) && values(all, 5) == values(few, 1))
    }
}

extension DigitNetwork {
    func report(options: SanityCheckOptions, other: DigitNetwork? = nil) throws -> SanityReport {
        try report(Self.methods, options, other: other)
    }
}
