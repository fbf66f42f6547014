/// How far attributions are from adding up to the difference of scores that they distribute.
package struct CompletenessGap: Sendable, Hashable {
    /// From when on a result says that it does not add up.
    package static let worthANote = 0.05

    /// `|Σ attributions - (S(x) - S(x̄))| / |S(x) - S(x̄)|`; a difference of nothing is measured by the attributions' sizes.
    package let value: Double

    package init(sum: Double, magnitude: Double, difference: Double) {
        let gap = abs(sum - difference)
        let scale = difference == 0 ? magnitude : abs(difference)
        value = gap == 0 ? 0 : gap / scale
    }

    package init(_ attributions: [Float], difference: Double) {
        self.init(
            sum: attributions.reduce(0) { $0 + Double($1) },
            magnitude: attributions.reduce(0) { $0 + abs(Double($1)) }, difference: difference)
    }

    /// The check; nothing where numbers are not finite.
    ///
    /// - Parameter whole: What the attributions should add up to.
    package func checks(of whole: String = "the score's difference from the baseline") -> [SelfCheck] {
        guard value.isFinite else { return [] }
        return [
            SelfCheck(
                "completeness gap", value,
                "how far the attributions are from adding up to \(whole), as a part of it; 0 is exact")
        ]
    }

    /// What a user should do about a large gap.
    package func notes(_ method: String, advice: String) -> [String] {
        guard value.isFinite else { return [] }
        guard value > Self.worthANote else { return [] }
        let percent = value < 1e6 ? "\(Int((value * 100).rounded())) %" : "\(value) times"
        return ["\(method) misses the score's difference from the baseline by \(percent) of it; \(advice)"]
    }
}
