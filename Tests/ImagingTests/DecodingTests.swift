import Foundation
import Imaging
import Testing

@Suite struct DecodingTests {
    @Test("Pixels equal Pillow's", arguments: try ImageFixtures.load().cases)
    func pixels(_ expected: ImageFixtures.Case) throws {
        let background = expected.background.map { Colour(red: $0[0], green: $0[1], blue: $0[2]) }
        let picture = try Picture(
            contentsOf: ImageFixtures.path(expected.file), background: background,
            appliesOrientation: expected.orientation)
        let truth = Picture(width: expected.width, height: expected.height, pixels: Array(expected.pixels))
        let difference = try #require(picture.largestDifference(from: truth), "the sizes differ")
        #expect(difference <= expected.tolerance)
    }

    @Test("Files that end early are refused where Pillow refuses them", arguments: try ImageFixtures.load().truncations)
    func truncation(_ cut: ImageFixtures.Truncation) throws {
        let data = try ImageFixtures.data(cut.file).prefix(cut.length)
        if cut.reads {
            #expect(throws: Never.self) { try Picture(decoding: data, name: cut.file) }
        } else {
            let error = #expect(throws: ImagingError.self) { try Picture(decoding: data, name: cut.file) }
            let text = try #require(error).description
            #expect(text.contains("ends before the picture does"), "\(text)")
        }
    }

    @Test("A fatal error after a warning is an error, not a grey picture")
    func fatalErrorAfterWarning() throws {
        var data = try ImageFixtures.data("rgb-444.jpg")
        let table = try #require(data.firstRange(of: [0xFF, 0xDB]))
        // The quantisation table's bytes become extraneous ones: a warning, and later a missing table.
        data[table.lowerBound] = 0xFD
        let error = #expect(throws: ImagingError.self) { try Picture(decoding: data, name: "x") }
        guard case .malformed("x", .jpeg, let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("Quantization table"))
    }

    @Test func sliceOfLargerData() throws {
        let file = try ImageFixtures.data("rgb-8.png")
        let slice = (Data(repeating: 0, count: 100) + file).dropFirst(100)
        #expect(try Picture(decoding: slice, name: "slice") == Picture(decoding: file, name: "file"))
    }

    @Test(
        "Every JPEG, PNG and WebP reader starts from a slice's first byte",
        arguments: ["orientation-6.jpg", "orientation-6.webp"])
    func sliceWithOrientation(_ file: String) throws {
        let data = try ImageFixtures.data(file)
        let slice = (Data(repeating: 0xFF, count: 31) + data).dropFirst(31)
        #expect(try Picture(decoding: slice, name: "slice") == Picture(decoding: data, name: "file"))
    }

    @Test func nameDoesNotDecideTheFormat() throws {
        let path = NSTemporaryDirectory() + "gaze-\(UUID().uuidString).jpg"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try ImageFixtures.data("rgb-8.png").write(to: URL(fileURLWithPath: path))
        #expect(try Picture(contentsOf: path) == Picture(contentsOf: ImageFixtures.path("rgb-8.png")))
    }
}

@Suite struct DecodingLimitTests {
    /// Headers alone: whoever takes memory first, or looks for pixels first, fails these.
    static let bombs: [(name: String, header: Data)] = [
        ("bomb.png", png(width: 50_000, height: 50_000)),
        ("bomb.jpg", jpeg(width: 65_000, height: 65_000)),
        ("bomb.webp", webp(width: 16_000, height: 16_000)),
    ]

    @Test("Too many pixels are refused from the header", arguments: bombs)
    func tooManyPixels(_ bomb: (name: String, header: Data)) {
        let error = #expect(throws: ImagingError.self) { try Picture(decoding: bomb.header, name: bomb.name) }
        guard case .tooManyPixels(bomb.name, _, _, 100_000_000) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("Too much memory is refused from the header", arguments: bombs)
    func tooMuchMemory(_ bomb: (name: String, header: Data)) {
        let limits = DecodingLimits(maximumPixels: .max)
        let error = #expect(throws: ImagingError.self) {
            try Picture(decoding: bomb.header, name: bomb.name, limits: limits)
        }
        guard case .tooMuchMemory = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("The limit itself is allowed", arguments: ["rgb-8.png", "rgb-420.jpg", "lossy.webp"])
    func pixelsAtTheLimit(_ file: String) throws {
        let path = ImageFixtures.path(file)
        #expect(try Picture(contentsOf: path, limits: DecodingLimits(maximumPixels: 17 * 13)).width == 17)
        #expect(throws: ImagingError.tooManyPixels(name: path, width: 17, height: 13, maximum: 220)) {
            try Picture(contentsOf: path, limits: DecodingLimits(maximumPixels: 220))
        }
    }

    @Test func fileBytes() throws {
        let path = ImageFixtures.path("rgb-8.png")
        let size = try ImageFixtures.data("rgb-8.png").count
        #expect(try Picture(contentsOf: path, limits: DecodingLimits(maximumFileBytes: size)).height == 13)
        let limits = DecodingLimits(maximumFileBytes: size - 1)
        #expect(throws: ImagingError.fileTooLarge(name: path, maximumBytes: size - 1)) {
            try Picture(contentsOf: path, limits: limits)
        }
        #expect(throws: ImagingError.fileTooLarge(name: "data", maximumBytes: size - 1)) {
            try Picture(decoding: ImageFixtures.data("rgb-8.png"), name: "data", limits: limits)
        }
    }

    @Test("A device without end is read up to the limit only")
    func endlessFile() {
        #expect(throws: ImagingError.fileTooLarge(name: "/dev/zero", maximumBytes: 1 << 20)) {
            try Picture(contentsOf: "/dev/zero", limits: DecodingLimits(maximumFileBytes: 1 << 20))
        }
    }

    @Test("A pipe gives the picture that is written into it; without a writer it is no picture")
    func pipes() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "pipe").path
        #expect(unsafe mkfifo(path, 0o600) == 0)
        #expect(throws: ImagingError.emptyFile(name: path)) { try Picture(contentsOf: path) }
        let data = try ImageFixtures.data("rgb-8.png")
        let writer = Thread { try? data.write(to: URL(fileURLWithPath: path)) }
        writer.start()
        #expect(try Picture(contentsOf: path) == Picture(decoding: data, name: "data"))
    }

    private static func bytes(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// The start of a real file with its size replaced, and the CRC that belongs to it.
    private static func png(width: Int, height: Int) -> Data {
        let header = Data(Array("IHDR".utf8) + bytes(width, 4) + bytes(height, 4) + [8, 2, 0, 0, 0] as [UInt8])
        var crc: UInt32 = .max
        for byte in header {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
        }
        var file = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13])
        file.append(header)
        file.append(contentsOf: bytes(Int(~crc), 4) + [0, 0, 0, 9])
        file.append(contentsOf: Data("IDAT".utf8) + [0x78, 0x9C])
        return file
    }

    private static func jpeg(width: Int, height: Int) -> Data {
        var file = Data([0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8])
        file.append(contentsOf: bytes(height, 2) + bytes(width, 2))
        file.append(contentsOf: [3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
        file.append(contentsOf: [0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0, 0xFF, 0xD9])
        return file
    }

    private static func webp(width: Int, height: Int) -> Data {
        let frame: [UInt8] = [
            0x30, 0x01, 0x00, 0x9D, 0x01, 0x2A, UInt8(width & 255), UInt8(width >> 8), UInt8(height & 255),
            UInt8(height >> 8),
        ]
        let padding = Data(repeating: 0, count: 90)
        return Data("RIFF".utf8) + [112, 0, 0, 0] + Data("WEBPVP8 ".utf8) + [100, 0, 0, 0] + frame + padding
    }
}
