import Foundation
import Imaging
import Testing

@Suite struct EncodingTests {
    @Test("PNG gives back every value", arguments: [(1, 1), (17, 13), (640, 3), (3, 640), (333, 251)])
    func pngRoundTrip(_ size: (width: Int, height: Int)) throws {
        let picture = Picture.scene(width: size.width, height: size.height)
        #expect(try Picture(decoding: picture.encodedPNG(), name: "png") == picture)
    }

    @Test("What does not compress has room, too")
    func noise() throws {
        var random = SplitMix64(state: 1)
        let pixels = (0..<200 * 300 * 3).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let picture = Picture(width: 200, height: 300, pixels: pixels)
        #expect(try Picture(decoding: picture.encodedPNG(), name: "png") == picture)
    }

    /// The mean squared error stays under that of quantising with half of the tables' mean step (Annex K, scaled by quality).
    @Test("JPEG stays near", arguments: [(100, 45.0), (92, 38.0), (75, 30.0), (30, 25.0)])
    func jpegRoundTrip(_ setting: (quality: Int, decibels: Double)) throws {
        let picture = Picture.scene(width: 160, height: 120)
        let read = try Picture(decoding: picture.encodedJPEG(quality: setting.quality), name: "jpeg")
        let squares = zip(picture.pixels, read.pixels).map { pow(Double($0) - Double($1), 2) }
        let error = squares.reduce(0, +) / Double(squares.count)
        #expect(read.width == 160 && read.height == 120)
        #expect(10 * log10(255 * 255 / error) > setting.decibels)
    }

    @Test func jpegQualityMatters() throws {
        let picture = Picture.scene(width: 160, height: 120)
        let sizes = try [20, 60, 89, 90, 100].map { try picture.encodedJPEG(quality: $0).count }
        #expect(sizes == sizes.sorted() && Set(sizes).count == sizes.count)
    }

    @Test("A quality that does not exist is refused", arguments: [0, 101, -1, Int.max])
    func jpegQuality(_ quality: Int) {
        #expect(throws: ImagingError.self) { try Picture(width: 1, height: 1).encodedJPEG(quality: quality) }
    }

    @Test func jpegSideLimit() {
        let error = #expect(throws: ImagingError.self) { try Picture(width: 65_501, height: 1).encodedJPEG() }
        guard case .encodingFailed(.jpeg, 65_501, 1, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}

@Suite struct WritingTests {
    /// A folder that goes away with the test.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "gaze-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test(
        "The extension chooses the format",
        arguments: [("a.png", 0x89), ("a.PNG", 0x89), ("a.jpg", 0xFF), ("b.jpeg", 0xFF)])
    func format(_ file: (name: String, firstByte: UInt8)) throws {
        try withFolder { folder in
            let path = folder + "/" + file.name
            let picture = Picture.scene(width: 20, height: 10)
            try picture.write(to: path)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)).first == file.firstByte)
            #expect(try Picture(contentsOf: path).width == 20)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [file.name])
        }
    }

    @Test func replacesAnOlderFile() throws {
        try withFolder { folder in
            let path = folder + "/a.png"
            try Picture(width: 1, height: 1).write(to: path)
            let picture = Picture(width: 2, height: 3, red: 9)
            try picture.write(to: path)
            #expect(try Picture(contentsOf: path) == picture)
        }
    }

    @Test("An extension that names no format leaves nothing", arguments: ["a.gif", "a", "a.webp", ".png."])
    func unknownExtension(_ name: String) throws {
        try withFolder { folder in
            let path = folder + "/" + name
            #expect(throws: ImagingError.unknownExtension(path: path)) {
                try Picture(width: 1, height: 1).write(to: path)
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(left.isEmpty)
        }
    }

    @Test func missingFolder() throws {
        try withFolder { folder in
            let path = folder + "/none/a.png"
            let error = #expect(throws: ImagingError.self) { try Picture(width: 1, height: 1).write(to: path) }
            guard case .unwritable(path, let reason) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reason == "No such file or directory")
        }
    }

    @Test("A folder in the file's place stays, and nothing half-written with it")
    func folderInPlace() throws {
        try withFolder { folder in
            let path = folder + "/a.png"
            try FileManager.default.createDirectory(atPath: path + "/full", withIntermediateDirectories: true)
            #expect(throws: ImagingError.self) { try Picture(width: 1, height: 1).write(to: path) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.png"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["full"])
        }
    }
}
