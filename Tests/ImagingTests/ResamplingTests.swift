import Foundation
import Imaging
import Tensors
import TestSupport
import Testing

@Suite struct ResamplingTests {
    struct Records: Decodable {
        struct Case: Decodable {
            var source: SyntheticPicture
            var filter: ResamplingFilter
            var width: Int
            var height: Int
            var box: [Double]?
            var hash: String?
            var pixels: Data?
            var values: [Float]?
        }
        var cases: [Case]
    }

    @Test func equalsPillowToTheLastBit() throws {
        let golden = try Golden.decode(Records.self, "pillow-resize.json")
        #expect(golden.cases.count > 100)
        for item in golden.cases {
            let box = item.box.map { PictureBox(left: $0[0], top: $0[1], right: $0[2], bottom: $0[3]) }
            let result = try item.source.picture.resized(
                width: item.width, height: item.height, filter: item.filter, box: box)
            let label =
                "\(item.filter) \(item.source.width)x\(item.source.height) -> \(item.width)x\(item.height) \(item.box ?? [])"
            if let pixels = item.pixels { #expect(result.pixels == Array(pixels), "\(label)") }
            #expect(SyntheticPicture.hash(result.pixels) == item.hash, "\(label)")
        }
    }

    @Test func equalsTensorFlowsFormula() throws {
        let golden = try Golden.decode(Records.self, "tensorflow-resize.json")
        #expect(golden.cases.count == 10)
        for item in golden.cases {
            let result = try item.source.picture.floatPixels(
                width: item.width, height: item.height, filter: item.filter)
            let expected = try #require(item.values)
            #expect(result.shape == [item.height, item.width, 3])
            for (value, truth) in zip(result.elements, expected) { #expect(abs(value - truth) < 1e-3) }
        }
    }

    @Test(arguments: ResamplingFilter.allCases)
    func aPictureOfOneColourKeepsIt(filter: ResamplingFilter) throws {
        let picture = Picture(width: 9, height: 14, red: 201, green: 0, blue: 255)
        for (width, height) in [(3, 40), (31, 2), (1, 1)] {
            let result = try picture.resized(width: width, height: height, filter: filter)
            #expect(result == Picture(width: width, height: height, red: 201, green: 0, blue: 255))
        }
    }

    @Test(arguments: ResamplingFilter.allCases)
    func theSameSizeChangesNothing(filter: ResamplingFilter) throws {
        let picture = SyntheticPicture(width: 12, height: 7, seed: 1, block: 1).picture
        #expect(try picture.resized(width: 12, height: 7, filter: filter) == picture)
    }

    @Test func impossibleSizesAndBoxesAreRefused() {
        let picture = Picture(width: 4, height: 4)
        for (width, height) in [(0, 1), (1, -1), (Int.max, 1), (40_000, 2)] {
            #expect(throws: ImagingError.self) { try picture.resized(width: width, height: height, filter: .box) }
            #expect(throws: ImagingError.self) {
                try picture.floatPixels(width: width, height: height, filter: .tensorflowBilinear)
            }
        }
        for box in [
            PictureBox(left: 0, top: 0, right: 5, bottom: 4), PictureBox(left: 2, top: 0, right: 2, bottom: 4),
            PictureBox(left: -1, top: 0, right: 2, bottom: 4), PictureBox(left: .nan, top: 0, right: 2, bottom: 4),
        ] {
            #expect(throws: ImagingError.self) { try picture.resized(width: 2, height: 2, filter: .bilinear, box: box) }
        }
    }
}
