import Imaging

/// A picture of coloured blocks as `Scripts/golden/preprocessing.py` makes it too: from a hash of position and seed.
struct SyntheticPicture: Decodable {
    var width: Int
    var height: Int
    var seed: Int
    var block: Int

    var picture: Picture {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                for channel in 0..<3 {
                    var hash = UInt32(
                        truncatingIfNeeded: x / block * 73_856_093 + y / block * 19_349_663 + channel * 83_492_791
                            + seed * 2_654_435_761)
                    hash = (hash ^ (hash >> 15)) &* 2_246_822_519
                    hash = (hash ^ (hash >> 13)) &* 3_266_489_917
                    pixels.append(UInt8(truncatingIfNeeded: hash ^ (hash >> 16)))
                }
            }
        }
        return Picture(width: width, height: height, pixels: pixels)
    }

    /// The FNV-1a hash of these bytes, as 16 hexadecimal digits.
    static func hash(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
