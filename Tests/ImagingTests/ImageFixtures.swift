import Foundation
import Imaging
import Testing

/// The files and expectations of `Scripts/golden/images.py`.
struct ImageFixtures: Decodable {
    struct Case: Decodable, CustomTestStringConvertible {
        let file: String
        /// Red, green, blue behind transparency; nothing drops it.
        let background: [UInt8]?
        let orientation: Bool
        let tolerance: Int
        let width: Int
        let height: Int
        let pixels: Data

        var testDescription: String {
            "\(file), background \(background.map { "\($0)" } ?? "dropped"), orientation \(orientation)"
        }
    }

    struct Truncation: Decodable, CustomTestStringConvertible {
        let file: String
        let length: Int
        let reads: Bool

        var testDescription: String { "\(file) cut to \(length) bytes" }
    }

    let cases: [Case]
    let truncations: [Truncation]

    static func load() throws -> ImageFixtures {
        try JSONDecoder().decode(ImageFixtures.self, from: Data(contentsOf: golden.appending(path: "images.json")))
    }

    static let golden = Bundle.module.bundleURL.appending(path: "Golden")

    static func path(_ file: String) -> String { golden.appending(path: "Images/\(file)").path }

    static func data(_ file: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path(file))) }

    /// The names of the files with this extension, sorted.
    static func files(_ pathExtension: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: golden.appending(path: "Images").path)
            .filter { $0.hasSuffix("." + pathExtension) }.sorted()
    }
}

extension Picture {
    /// The largest difference between two pictures' values; nothing where the sizes differ.
    func largestDifference(from other: Picture) -> Int? {
        guard width == other.width, height == other.height else { return nil }
        return zip(pixels, other.pixels).map { abs(Int($0) - Int($1)) }.max()
    }

    /// Smooth shading with an edge and a little noise, of a fixed seed.
    static func scene(width: Int, height: Int) -> Picture {
        var random = SplitMix64(state: 7)
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                let noise = Int(random.next() % 5)
                pixels.append(UInt8(clamping: x * 255 / width + noise))
                pixels.append(UInt8(clamping: y * 255 / height + noise))
                pixels.append(UInt8(clamping: (x > width / 2 ? 40 : 200) + noise))
            }
        }
        return Picture(width: width, height: height, pixels: pixels)
    }
}

/// Steele, Lea and Flood's SplitMix64: numbers that are the same on every run.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
