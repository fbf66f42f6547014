import Foundation
import Imaging
import Testing

@Suite struct LabelPictureTests {
    /// Grey of 16 bits with a gAMA chunk: 0 1 255 and 256 472 65535, as Pillow reads them.
    private static let grey =
        "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACEAAAAADoj+WFAAAABGdBTUEAALGPC/xhBQAAABVJREFUeJxjYGBgYGT4D8SMN/7/BwANnwPZ8hh5MQAAAABJRU5ErkJggg=="
    private static let coloured =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABEAIAAADA54+dAAAAD0lEQVR4nGNgYGRgYmAGAAAVAAc8d/QoAAAAAElFTkSuQmCC"
    private static let transparent =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABEAQAAADljNBBAAAADUlEQVR4nGNgYPz/HwADBQIAYV2vnwAAAABJRU5ErkJggg=="

    @Test func sixteenBitsAreRead() throws {
        let file = try #require(Data(base64Encoded: Self.grey))
        let picture = try LabelPicture(decoding: file, name: "mask.png")
        #expect(picture == LabelPicture(width: 3, height: 2, labels: [0, 1, 255, 256, 472, 65535]))
        #expect(throws: ImagingError.self) {
            try LabelPicture(decoding: file, name: "mask.png", limits: DecodingLimits(maximumPixels: 5))
        }
        #expect(throws: ImagingError.self) { try LabelPicture(decoding: file.prefix(60), name: "mask.png") }
    }

    @Test(arguments: [Self.coloured, Self.transparent])
    func sixteenBitColoursAreRefused(text: String) throws {
        let file = try #require(Data(base64Encoded: text))
        let error = #expect(throws: ImagingError.self) { try LabelPicture(decoding: file, name: "mask.png") }
        #expect(error?.description.contains("mask.png are 16-bit colours") == true)
    }
}
