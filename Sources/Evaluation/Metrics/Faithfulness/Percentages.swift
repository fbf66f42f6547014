package import Explanations

extension MethodParameter where Value == [Double] {
    /// Percentages, joined by `+`.
    package static func percentages(_ defaultText: String, _ meaning: String) -> MethodParameter {
        @Sendable func read(_ text: String) -> [Double]? {
            let numbers = text.split(separator: "+", omittingEmptySubsequences: false).map { Double($0) }
            let percentages = numbers.compactMap { $0 }.filter { $0 > 0 && $0 <= 100 }
            return percentages.isEmpty || percentages.count != numbers.count ? nil : percentages
        }
        return MethodParameter(
            "percentages", read(defaultText) ?? [], written: defaultText,
            "\(meaning); numbers above 0 to 100, joined by +", read: read)
    }
}

extension Double {
    /// This percentage of a number of things, at least one of them.
    package func percent(of count: Int) -> Int { max(1, min(count, Int((self * Double(count) / 100).rounded()))) }
}
