import Foundation

/// SplitMix64: a small generator whose sequence is the same everywhere, so that a run can be repeated by its seed
/// (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64
    private var spare: Double?
    private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// The sequence of this seed.
    public init(seed: UInt64) { state = seed }

    /// The sequence of one of many parts of a run, so that a part does not depend on how much the others draw.
    public init(seed: UInt64, part: Int) {
        var parts = SeededGenerator(seed: seed &+ UInt64(bitPattern: Int64(part)) &* Self.step)
        state = parts.next()
    }

    /// 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= Self.step
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number of [0, 1), a multiple of 2^-53.
    public mutating func nextUniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number of the standard normal distribution (Box and Muller's transform).
    public mutating func nextNormal() -> Double {
        if let value = spare {
            spare = nil
            return value
        }
        let radius = (-2 * log(1 - nextUniform())).squareRoot()
        let angle = 2 * Double.pi * nextUniform()
        spare = radius * sin(angle)
        return radius * cos(angle)
    }
}
