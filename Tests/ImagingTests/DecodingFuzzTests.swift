import Foundation
import Imaging
import Testing

/// Damaged files end in a picture or an `ImagingError`, within the memory they were granted.
@Suite struct DecodingFuzzTests {
    static let seed: UInt64 = 0x5EED_2026
    static let filesPerFormat = 30_000

    @Test("Mutated files never crash", arguments: ["jpg", "png", "webp", "tif", "npy", "npz"])
    func mutations(_ format: String) throws {
        print("fuzzing .\(format) with seed \(Self.seed)")
        let originals = try ImageFixtures.files(format).map { try ImageFixtures.data($0) }
        var random = SplitMix64(state: Self.seed)
        let limits = DecodingLimits(maximumPixels: 1 << 16, maximumMemory: 8 << 20)
        let memoryBefore = try peakMemory()
        var pictures = 0
        var errors = 0
        for number in 0..<Self.filesPerFormat {
            let file = mutate(originals[number % originals.count], among: originals, format, &random)
            let background = number % 3 == 0 ? nil : Colour(grey: 255)
            do throws(ImagingError) {
                let picture = try Picture(decoding: file, name: "mutated", limits: limits, background: background)
                #expect(picture.width * picture.height <= limits.maximumPixels)
                pictures += 1
            } catch {
                #expect(!error.description.isEmpty)
                errors += 1
            }
        }
        print("fuzzed .\(format): \(pictures) pictures, \(errors) errors")
        // Both ends must be reached, or the mutations miss the decoder.
        #expect(pictures > Self.filesPerFormat / 100 && errors > Self.filesPerFormat / 10)
        let growth = try peakMemory() - memoryBefore
        #expect(growth < 1 << 30)
    }

    private func mutate(
        _ original: Data, among originals: [Data], _ format: String, _ random: inout SplitMix64
    ) -> Data {
        var bytes = [UInt8](original)
        for _ in 0...Int.random(in: 0..<3, using: &random) where bytes.count > 16 {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<7, using: &random) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[place] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
            case 2: bytes.removeSubrange(place...)
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &random)))
            case 4:
                let donor = originals.randomElement(using: &random) ?? original
                let start = Int.random(in: 0..<donor.count, using: &random)
                let piece = donor[start..<min(donor.count, start + Int.random(in: 1...200, using: &random))]
                bytes.replaceSubrange(place..<min(bytes.count, place + piece.count), with: piece)
            case 5:
                let end = min(bytes.count, place + Int.random(in: 1...200, using: &random))
                bytes.insert(contentsOf: bytes[place..<end], at: place)
            default: editHeader(&bytes, format, &random)
            }
        }
        return Data(format == "png" && Bool.random(using: &random) ? repairingChecksums(bytes) : bytes)
    }

    /// Writes an odd value where the format keeps sizes, depths, counts and lengths.
    private func editHeader(_ bytes: inout [UInt8], _ format: String, _ random: inout SplitMix64) {
        let start =
            switch format {
            case "png": 8
            case "jpg": marker(of: bytes, &random)
            case "tif": directory(of: bytes, &random)
            case "npy": 6
            default: Bool.random(using: &random) ? 12 : 4
            }
        let place = start + Int.random(in: 0..<22, using: &random)
        let values: [UInt8] = [0, 1, 2, 3, 4, 8, 16, 0x22, 0x41, 0x7F, 0x80, 0xFE, 0xFF]
        for offset in 0..<Int.random(in: 1...4, using: &random) where place + offset < bytes.count {
            bytes[place + offset] = values.randomElement(using: &random) ?? 0
        }
    }

    /// An entry of a TIFF file's first directory, or the file's header.
    private func directory(of bytes: [UInt8], _ random: inout SplitMix64) -> Int {
        guard Bool.random(using: &random), bytes.count > 8 else { return 4 }
        let start = bytes[4..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        return (start < bytes.count ? start : 8) + 12 * Int.random(in: 0..<14, using: &random)
    }

    /// The place of some marker of a JPEG file.
    private func marker(of bytes: [UInt8], _ random: inout SplitMix64) -> Int {
        let places = bytes.indices.dropLast().filter { bytes[$0] == 0xFF && bytes[$0 + 1] >= 0xC0 }
        return places.randomElement(using: &random) ?? 0
    }

    /// Gives PNG chunks the CRC of what now stands in them, so that the damage gets past the first check.
    private func repairingChecksums(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        var offset = 8
        while offset + 12 <= bytes.count {
            let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
            guard offset + 12 + length <= bytes.count else { break }
            var crc: UInt32 = .max
            for byte in bytes[offset + 4..<offset + 8 + length] {
                crc ^= UInt32(byte)
                for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
            }
            for shift in 0..<4 {
                bytes[offset + 8 + length + shift] = UInt8(truncatingIfNeeded: ~crc >> (24 - 8 * UInt32(shift)))
            }
            offset += 12 + length
        }
        return bytes
    }

    /// The most memory in bytes that the process ever held, from the line `VmHWM` of its status.
    private func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(Int(line.filter(\.isNumber))) * 1024
    }
}
