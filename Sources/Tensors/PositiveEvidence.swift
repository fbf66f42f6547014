/// The positive values of a map beside its negative ones.
public enum PositiveEvidence {
    /// The part of the largest negative value below which the largest positive one is next to nothing.
    ///
    /// Colours are stretched to the largest positive value, so a speck among places that all speak against the class would
    /// look like the strongest evidence. Below a twentieth, even a picture full of such cells would be outweighed by a few
    /// of the others; of the maps of photographs' likeliest classes, none is as one-sided (`Benchmarks/positive_evidence.py`).
    public static let negligibleFraction: Float = 0.05

    /// Whether a map with these extremes has positive values, but next to none beside its negative ones.
    public static func isNegligible(low: Float, high: Float) -> Bool {
        high > 0 && high < -low * negligibleFraction
    }
}
