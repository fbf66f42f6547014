import Foundation
import Imaging
import Tensors
import TestSupport
import Testing

@Suite struct VolumeTests {
    /// Grey, with a block of heat in one slice.
    private func parts(hot: Int, of slices: Int) throws -> (map: Tensor<Float>, volume: Tensor<Float>) {
        var map = Tensor<Float>(repeating: 0, shape: [slices, 4, 4])
        map.mutateElements { elements in
            for slice in 0..<slices { elements[slice * 16 + 5] = slice == hot ? 8 : 1 }
        }
        return (map, Tensor(repeating: 0.5, shape: [1, slices, 4, 4]))
    }

    @Test(arguments: [(0, 20), (10, 20), (19, 20), (2, 4), (0, 1)])
    func theStrongestSliceIsShownWithItsNeighbours(_ hot: Int, _ slices: Int) throws {
        let (map, volume) = try parts(hot: hot, of: slices)
        let drawn = try SliceOverlay(map, over: volume, overlay: Overlay(range: .positive))
        #expect(drawn.strongest == hot && drawn.count == slices)
        let shown = drawn.slices.map(\.index)
        #expect(shown.contains(hot) && shown.count <= 9 && shown == shown.sorted())
        #expect(shown.allSatisfy { (0..<slices).contains($0) })
        // From one end to the other where the strongest is in the middle.
        if hot == 10 { #expect(shown == [1, 4, 7, 10, 13, 16, 19]) }
        if slices < 9 { #expect(shown == Array(0..<slices)) }
    }

    @Test func allSlicesHaveOneScale() throws {
        let (map, volume) = try parts(hot: 3, of: 7)
        let drawn = try SliceOverlay(
            map, over: volume, overlay: Overlay(colourMap: .turbo, range: .positive, opacity: .constant(1)))
        #expect(drawn.scale.low == 0 && drawn.scale.high == 8)
        // A cell of 1 is an eighth of the scale in every other slice, and not its end; between cells values fall off.
        let table = ColourMap.turbo.table
        func centre(_ slice: SliceOverlay.Slice) -> [UInt8] {
            let side = slice.picture.width / 4
            let index = ((side + side / 2) * slice.picture.width + side + side / 2) * 3
            return Array(slice.picture.pixels[index..<index + 3])
        }
        func distance(_ pixel: [UInt8], _ value: Double) -> Int {
            let colour = table[Int(value * 255 + 0.5)]
            return zip(pixel, [colour.red, colour.green, colour.blue]).map { abs(Int($0) - Int($1)) }.max() ?? 255
        }
        for slice in drawn.slices {
            #expect(distance(centre(slice), slice.index == 3 ? 1 : 0.125) <= 24, "slice \(slice.index)")
        }
        let figure = drawn.figure(title: "class 1")
        #expect(figure.rows.joined().compactMap(\.scale).count == 1)
        #expect(figure.rows.joined().map(\.label).contains("Slice 4"))
        #expect(try figure.draw().width > 400)
    }

    @Test func aMapOfNothingSaysSo() throws {
        let drawn = try SliceOverlay(
            Tensor(repeating: 0, shape: [3, 4, 4]), over: Tensor(repeating: 0, shape: [1, 3, 4, 4]), overlay: Overlay())
        #expect(drawn.diagnosis == .allZero)
        #expect(drawn.figure(title: "").captions.first?.contains("zero everywhere") == true)
        #expect(throws: ImagingError.self) {
            try SliceOverlay(
                Tensor(repeating: 0, shape: [3, 4, 4]), over: Tensor(repeating: 0, shape: [1, 2, 4, 4]),
                overlay: Overlay())
        }
    }

    @Test func filesAndFoldersAreVolumes() throws {
        try TemporaryFolder.with { folder in
            let values = try Tensor<Float>(shape: [2, 3, 4], elements: (0..<24).map(Float.init))
            try Numpy.write(AnyTensor(values), path: folder + "/scan.npy")
            #expect(try Volume(contentsOf: folder + "/scan.npy").values == values)
            try NumpyArchive.write(["scan": AnyTensor(values)], path: folder + "/scan.npz")
            #expect(try Volume(contentsOf: folder + "/scan.npz").values == values)
            try NumpyArchive.write(["a": AnyTensor(values), "b": AnyTensor(values)], path: folder + "/two.npz")
            #expect(throws: ImagingError.self) { try Volume(contentsOf: folder + "/two.npz") }
            try Numpy.write(AnyTensor(Tensor<Float>(repeating: 0, shape: [4, 4])), path: folder + "/flat.npy")
            #expect(throws: ImagingError.self) { try Volume(contentsOf: folder + "/flat.npy") }
            #expect(throws: (any Error).self) { try Volume(contentsOf: folder + "/missing.npy") }

            let slices = folder + "/slices"
            try FileManager.default.createDirectory(atPath: slices, withIntermediateDirectories: true)
            for (number, grey) in [(1, UInt8(51)), (2, 102), (10, 255)] {
                try Picture(width: 5, height: 3, red: grey, green: grey, blue: grey)
                    .write(to: "\(slices)/slice\(number).png")
            }
            let stack = try Volume(contentsOf: slices)
            // By their numbers, not by their letters.
            #expect(stack.values.shape == [3, 3, 5] && stack.isPictures)
            #expect((0..<3).map { stack.values[$0, 0, 0] } == [0.2, 0.4, 1])
            try Picture(width: 5, height: 3, red: 255).write(to: "\(slices)/slice11.png")
            #expect(try Volume(contentsOf: slices).values.shape == [3, 4, 3, 5])
            try Picture(width: 4, height: 3, red: 255).write(to: "\(slices)/slice12.png")
            let error = #expect(throws: ImagingError.self) { try Volume(contentsOf: slices) }
            #expect("\(try #require(error))".contains("slice12"))
        }
    }
}
