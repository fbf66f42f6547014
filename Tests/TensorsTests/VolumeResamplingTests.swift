import Tensors
import Testing

@Suite struct VolumeResamplingTests {
    private func vector(_ values: [Float]) throws -> Tensor<Float> {
        try Tensor(shape: [1, values.count], elements: values)
    }

    /// Interpolation along one axis leaves the others alone, so a product of functions of one axis each stays one.
    @Test(arguments: [MapInterpolation.nearest, .bilinear, .bicubic])
    func axesAreReadIndependently(_ interpolation: MapInterpolation) throws {
        let parts: [[Float]] = [[1, -2, 4], [3, 0.5, -1, 2], [0.25, 8]]
        let sizes = [5, 9, 3]
        let elements = parts[0].flatMap { a in parts[1].flatMap { b in parts[2].map { a * b * $0 } } }
        let volume = try Tensor<Float>(shape: [3, 4, 2], elements: elements)
        let found = try volume.resampled(
            along: zip(parts, sizes).map { .resizing(from: $0.count, to: $1, by: interpolation) })
        let read = try zip(parts, sizes).map { part, size in
            try vector(part).resampled(height: 1, width: size, by: interpolation).elements
        }
        let expected = read[0].flatMap { a in read[1].flatMap { b in read[2].map { a * b * $0 } } }
        #expect(found.shape == [5, 9, 3])
        #expect(zip(found.elements, expected).allSatisfy { abs($0 - $1) < 1e-4 })
    }

    @Test func cellsStandAtTheirCentres() throws {
        let map = try Tensor<Float>(shape: [2, 1, 1], elements: [0, 4])
        // Cells at 1 and 3 of four slices, whose centres are 0.5, 1.5, 2.5 and 3.5; the border repeats.
        let laid = try map.laid(
            over: [4, 1, 2],
            axes: [MapPlacement.Axis(centre: 1, stride: 2), .tiling(1, cells: 1), .tiling(2, cells: 1)])
        #expect(laid.shape == [4, 1, 2] && laid.elements == [0, 0, 1, 1, 3, 3, 4, 4])
        #expect(throws: TensorError.self) { try map.laid(over: [4, 1], axes: [.tiling(4, cells: 2)]) }
    }

    @Test func transposingMovesEveryElement() throws {
        let tensor = try Tensor<Float>(shape: [2, 3, 4], elements: (0..<24).map(Float.init))
        let moved = tensor.transposed([2, 0, 1])
        #expect(moved.shape == [4, 2, 3])
        for i in 0..<2 { for j in 0..<3 { for k in 0..<4 { #expect(moved[k, i, j] == tensor[i, j, k]) } } }
        #expect(moved.transposed([1, 2, 0]) == tensor)
    }
}
