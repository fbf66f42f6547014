package import Tensors

package import struct Foundation.Data

extension Data {
    /// A damaged copy of a file: cut, bits flipped, bytes overwritten by extremes, pieces repeated, removed or swapped.
    package func mutated(using random: inout SeededGenerator) -> Data {
        var bytes = [UInt8](self)
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            let length = Int.random(in: 1...Swift.min(16, bytes.count - at), using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0: bytes.removeLast(bytes.count - at)
            case 1, 2: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 3: bytes[at] = UInt8.random(in: .min ... .max, using: &random)
            case 4:
                let extreme: UInt8 = [0x00, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
                for index in at..<at + length { bytes[index] = extreme }
            case 5: bytes.removeSubrange(at..<at + length)
            case 6:
                bytes.insert(contentsOf: bytes[at..<at + length], at: Int.random(in: 0...bytes.count, using: &random))
            default: bytes.swapAt(at, Int.random(in: 0..<bytes.count, using: &random))
            }
        }
        return Data(bytes)
    }
}
