import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Layers that hold volumes, or several pictures of one sample, against PyTorch in float64 (`Scripts/golden/volumes_and_views.py`).
@Suite struct VolumesAndViewsTests {
    struct Index: Decodable {
        let tolerance: Double
        let parameters: [String: String]
        let networks: [Network]
    }

    struct Network: Decodable, Sendable {
        let name: String
        let target: Int
        let pictures: Int
        let arrays: String
        let noise: String
        let methods: [String]
        let files: [File]
    }

    struct File: Decodable, Sendable {
        let exporter: String
        let file: String
        let layer: String
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let network: Network
        let file: File
        var testDescription: String { file.file }

        var path: String { VolumesAndViewsTests.folder.appending(path: file.file).path }

        func attributor() throws -> Attributor {
            Attributor(try Model(contentsOf: path, engine: ONNXRuntimeEngine()))
        }

        func arrays() throws -> [String: AnyTensor] {
            try NumpyArchive.read(path: VolumesAndViewsTests.folder.appending(path: network.arrays).path)
        }

        /// A method as the script computed it.
        func specification(of method: String, _ parameters: [String: String]) throws -> MethodSpecification {
            var given = parameters[method]
            if method == "smooth-gradcam++" {
                given = "noise=\(VolumesAndViewsTests.folder.appending(path: network.noise).path)"
            }
            return try MethodSpecification(parsing: method + (given.map { ":\($0)" } ?? ""))
        }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/volumes")
    static let index = Result { try Golden.decode(Index.self, "volumes/volumes.json") }
    static var cases: [Case] {
        ((try? index.get().networks) ?? []).flatMap { network in network.files.map { Case(network: network, file: $0) }
        }
    }
    static func cases(of name: String) -> [Case] { cases.filter { $0.network.name == name } }

    @Test func theFileIsComplete() throws {
        #expect(Self.cases.count == 14)
        #expect(try Self.index.get().networks.map(\.methods.count).reduce(0, +) >= 7 * 15 + 7)
    }

    @Test(arguments: cases)
    func mapsEqualPyTorch(_ golden: Case) throws {
        let (arrays, index) = (try golden.arrays(), try Self.index.get())
        let attributor = try golden.attributor()
        for method in golden.network.methods {
            // CAM's layer is given by the head.
            let layer = ["cam", "score", "gradient"].contains(method) ? nil : golden.file.layer
            let found = try attributor.attribute(
                inputs: ["input": try #require(arrays["input"])], target: .classIndex(golden.network.target),
                methods: [golden.specification(of: method, index.parameters)], layer: layer)[0].values
            let expected = try #require(arrays[method]).floatTensor
            #expect(found.shape == expected.shape, "\(method)")
            guard found.shape == expected.shape else { continue }
            #expect(try relativeError(found, expected) <= index.tolerance, "\(method)")
        }
    }

    @Test(arguments: cases.filter { $0.network.name != "grey_views" })
    func theAutomaticLayerHoldsTheMapsOfAllPictures(_ golden: Case) throws {
        let attributor = try golden.attributor()
        let input = try #require(try golden.arrays()["input"])
        let found = try attributor.attribute(
            inputs: ["input": input], target: .classIndex(golden.network.target),
            methods: [MethodSpecification("gradcam")])[0]
        let expected = try #require(try golden.arrays()["gradcam"]).floatTensor
        #expect(found.values.shape.dimensions.first == expected.shape.dimensions.first)
        #expect(found.layer?.layer.isSpatial == true)
        guard golden.network.name != "video" else { return }
        #expect(found.values.shape == expected.shape, "\(found.layer?.reason ?? "")")
    }

    @Test func cellsOfVolumesAndClipsLieWhereTheirWindowsDo() throws {
        func layout(_ name: String) throws -> MapLayout {
            let golden = try #require(Self.cases(of: name).first)
            let input = try #require(try golden.arrays()["input"])
            let shape = Shape([1] + input.shape.dimensions.dropFirst())
            let graph = try golden.attributor().specialisedGraph(for: ["input": shape])
            return try #require(try graph.layer(named: golden.file.layer).layout)
        }
        let volume = try layout("volume")
        #expect(volume.shape == [1, 6, 3, 6, 5] && volume.mapShape == [1, 3, 6, 5])
        #expect(volume.placement.slices == MapPlacement.Axis(centre: 1, stride: 2))
        #expect(volume.placement.rows == MapPlacement.Axis(centre: 1, stride: 2))
        // Two convolutions in time, the second of stride 2; one of stride 2 over 5x5 pixels in space.
        let video = try layout("video")
        #expect(video.shape == [1, 6, 4, 6, 8])
        #expect(video.placement.slices == MapPlacement.Axis(centre: 0.5, stride: 2))
        #expect(video.placement.columns == MapPlacement.Axis(centre: 0.5, stride: 2))
        let tiles = try layout("tiles")
        #expect(tiles.shape == [1, 6, 8, 12] && tiles.placement.slices == nil)
        #expect(try layout("grey_views").shape == [3, 6, 8, 6])
        #expect(try layout("joined_views").shape == [1, 6, 8, 6])
    }

    @Test(arguments: cases.filter { ["volume", "views", "rows"].contains($0.network.name) })
    func compiledFilesHoldTheSameMaps(_ golden: Case) throws {
        let arrays = try golden.arrays()
        let input = try #require(arrays["input"])
        for method in ["gradcam", "layercam", "guided-gradcam"] {
            var request = CompilationRequest(
                method: MethodSpecification(method), target: .fixed(.classIndex(golden.network.target), text: "class"),
                layer: golden.file.layer, shapes: ["input": input.shape])
            if golden.file.exporter == "dynamo", golden.network.name != "rows" {
                request.shapes["input"] = Shape([1] + input.shape.dimensions.dropFirst())
            }
            let shape = try #require(request.shapes["input"])
            let compiled = try golden.attributor().compile(request)
            let program = try ONNXRuntimeEngine().load(
                compiled.serialized(metadata: [:], version: "test"), options: ProgramOptions())
            let given = try input.rows(Array(0..<shape[0]))
            let found = try #require(try program.run(["input": given])["map"]).floatTensor
            let all = try #require(arrays[method]).floatTensor
            let expected = try Tensor<Float>(
                shape: Shape([all.shape[0] * shape[0] / input.shape[0]] + all.shape.dimensions.dropFirst()),
                elements: Array(all.elements.prefix(all.elements.count * shape[0] / input.shape[0])))
            #expect(found.shape == expected.shape, "\(method)")
            guard found.shape == expected.shape else { continue }
            #expect(try relativeError(found, expected) <= Self.index.get().tolerance, "\(method)")
        }
    }

    /// Models of every kind that this suite is about, and a plain one.
    static var walked: [String] {
        let plain = folder.deletingLastPathComponent().appending(path: "class_activation/averaging.onnx").path
        return [plain] + cases.filter { $0.file.exporter == "dynamo" }.map(\.path)
    }

    @Test(arguments: walked)
    func whatInspectionPromisesAttributionKeeps(_ path: String) throws {
        let model = try Model(contentsOf: path, engine: ONNXRuntimeEngine())
        var promised: [String: MethodFamily] = [:]
        for family in ModelInspection(model).families {
            for name in family.methods.components(separatedBy: ", ") { promised[name] = family }
        }
        let port = model.inputs[0]
        let shape = Shape(port.dimensions.map { $0.length ?? 1 })
        var random = SeededGenerator(seed: 7)
        let input = try Tensor<Float>(
            shape: shape, elements: (0..<shape.count).map { _ in Float(random.nextNormal()) })
        let attributor = Attributor(model)
        for description in MethodCatalogue.selfContained {
            let family = try #require(promised[description.name], "\(description.name)")
            var deed = "kept"
            do {
                let found = try attributor.attribute(
                    inputs: [port.name: AnyTensor(input)], target: .classIndex(1),
                    methods: [MethodSpecification(description.name)],
                    settings: RunSettings(time: .milliseconds(100)))[0]
                // A layer that holds several pictures has a map for each, or none at all.
                let whole = found.layer?.layer.layout?.mapShape ?? []
                if description.place == .layer, found.values.shape.rank == whole.rank {
                    #expect(found.values.shape[0] == whole[0], "\(description.name): \(found.values.shape)")
                }
            } catch {
                deed = "\(error)"
                #expect(deed.contains("was given") == false && deed.count > 40, "\(description.name): \(deed)")
            }
            #expect(
                family.isPossible == (deed == "kept"),
                "\(description.name): \(family.isPossible ? "promised" : family.remark ?? ""), but \(deed)")
        }
    }

    @Test(arguments: cases(of: "views") + cases(of: "rows"))
    func maskingMethodsSayThatTheyTakeSinglePictures(_ golden: Case) throws {
        let attributor = try golden.attributor()
        let input = try #require(try golden.arrays()["input"])
        for method in ["occlusion", "rise", "lime", "scorecam", "fusion", "refine-cam", "fullgrad"] {
            guard (try? MethodCatalogue.description(named: method)) != nil else { continue }
            #expect(throws: ExplanationError.self, "\(method)") {
                try attributor.attribute(
                    inputs: ["input": input], target: .classIndex(0), methods: [MethodSpecification(method)])
            }
        }
    }

    @Test func aPictureOfSeveralMapsIsNoSingleMap() throws {
        let golden = try #require(Self.cases(of: "views").first)
        let input = try #require(try golden.arrays()["input"])
        let found = try golden.attributor().attribute(
            inputs: ["input": input], target: .classIndex(0),
            methods: ["gradcam", "gradient"].map { MethodSpecification($0) })
        #expect(throws: ExplanationError.self) { try found[0].raw(ofSample: 0) }
        #expect(try found[1].raw(ofSample: 1).shape == [3, 3, 16, 12])
    }

    /// `logits = W mean over rows and places of relu(x) + b`: however many rows come, they are one sample.
    @Test(arguments: [nil, 3])
    func rowsThatTheModelJoinsAreOneSample(_ rows: Int?) throws {
        var graph = try Toys.classifier(batch: rows)
        let flat = try #require(graph.value(named: "flat"))
        let axis = graph.addConstant(AnyTensor(Tensor<Int64>(vector: [0])), name: "axis")
        let joined = graph.append("ReduceMean", [flat, axis], name: "joined")[0]
        let logits = graph.append(
            "Gemm", [joined, graph.value(named: "w"), graph.value(named: "b")],
            attributes: ["transB": .integer(1)], name: "scores")[0]
        graph.outputs = [Graph.Output(name: "scores", value: logits)]
        let found = try Toys.attributor(graph).attribute(
            inputs: ["x": Toys.floats(Toys.pixels, [3, 2, 2, 2])], target: .classIndex(1),
            methods: ["score", "gradcam", "ablationcam", "smoothgrad:samples=2,sigma=0", "gradient"].map {
                try MethodSpecification(parsing: $0)
            })
        let mean = (0..<3).reduce(Float(0)) { $0 + Toys.logit($1, 1) / 3 }
        #expect(found[0].values.shape == [1] && abs(found[0].values.elements[0] - mean) < 1e-5)
        #expect(found[1].values.shape == [3, 2, 2])
        for sample in 0..<3 {
            for (cell, value) in Toys.map(sample, 1).enumerated() {
                #expect(abs(found[1].values.elements[4 * sample + cell] - value / 12) < 1e-5)
            }
        }
        #expect(found[2].values.shape == [3, 2, 2])
        #expect(found[3].values.shape == [3, 2, 2, 2])
        #expect(zip(found[3].values.elements, found[4].values.elements).allSatisfy { abs($0 - $1) < 1e-6 })
    }
}
