import Tensors
import TestSupport
import Testing

@Suite struct MapResamplingTests {
    struct Records: Decodable {
        struct Case: Decodable {
            var interpolation: MapInterpolation
            var shape: [Int]
            var input: [Float]
            var size: [Int]
            var output: [Float]
        }
        var cases: [Case]
    }

    /// Truth: `torch.nn.functional.interpolate`, written by `Scripts/golden/preprocessing.py`.
    @Test func equalsPyTorch() throws {
        let golden = try Golden.decode(Records.self, "map-resampling.json")
        #expect(golden.cases.count == 18)
        for item in golden.cases {
            let map = try Tensor(shape: Shape(item.shape), elements: item.input)
            let result = try map.resampled(height: item.size[0], width: item.size[1], by: item.interpolation)
            #expect(result.shape == Shape(item.size))
            for (value, truth) in zip(result.elements, item.output) {
                #expect(abs(value - truth) < 2e-6, "\(item.interpolation) \(item.shape) -> \(item.size)")
            }
        }
    }

    @Test(arguments: MapInterpolation.allCases)
    func aConstantStaysConstant(interpolation: MapInterpolation) throws {
        let map = Tensor<Float>(repeating: -2.5, shape: [3, 4])
        let result = try map.resampled(height: 11, width: 2, by: interpolation)
        #expect(result.elements.allSatisfy { abs($0 + 2.5) < 1e-6 })
    }

    @Test func whatIsNoMapIsRefused() {
        #expect(throws: TensorError.self) {
            try Tensor<Float>(repeating: 0, shape: [3]).resampled(height: 2, width: 2)
        }
        #expect(throws: TensorError.self) {
            try Tensor<Float>(repeating: 0, shape: [0, 3]).resampled(height: 2, width: 2)
        }
        #expect(throws: TensorError.self) {
            try Tensor<Float>(repeating: 0, shape: [2, 3]).resampled(height: 0, width: 2)
        }
    }
}
