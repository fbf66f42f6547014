/// The upper half of an IEEE 754 float32: 8 exponent bits, 7 fraction bits.
public struct BFloat16: Sendable, Hashable {
    /// The stored bits.
    public var bitPattern: UInt16

    /// A value with these bits.
    public init(bitPattern: UInt16) {
        self.bitPattern = bitPattern
    }

    /// The nearest value, ties to even; NaN stays NaN.
    public init(_ value: Float) {
        let bits = value.bitPattern
        guard !value.isNaN else {
            bitPattern = UInt16(truncatingIfNeeded: bits >> 16) | 0x40
            return
        }
        bitPattern = UInt16(truncatingIfNeeded: (UInt64(bits) + 0x7FFF + UInt64((bits >> 16) & 1)) >> 16)
    }
}

extension Float {
    /// The same value as float32, exactly.
    public init(_ value: BFloat16) {
        self.init(bitPattern: UInt32(value.bitPattern) << 16)
    }
}
