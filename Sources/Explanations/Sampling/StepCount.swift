/// Into how many steps a path is divided.
package enum StepCount: Sendable, Hashable {
    case fixed(Int)
    /// Twice as many until attributions add up.
    case automatic

    /// Where `auto` begins, where it ends, and the gap at which it is content.
    package static let automaticRange = 16...1024
    package static let contentGap = 0.01

    /// The number to begin with.
    package var first: Int {
        switch self {
        case .fixed(let count): count
        case .automatic: Self.automaticRange.lowerBound
        }
    }

    /// The number to go on with after one that left a gap; nil where it is good enough, or the limit is reached.
    package func next(after count: Int, gap: Double) -> Int? {
        guard self == .automatic, gap.isFinite, gap > Self.contentGap else { return nil }
        return Self.automaticRange.contains(count * 2) ? count * 2 : nil
    }
}

extension MethodParameter where Value == StepCount {
    /// A number of steps, or `auto`.
    package static func steps(_ defaultValue: Int) -> MethodParameter {
        MethodParameter(
            "steps", .fixed(defaultValue), written: "\(defaultValue)",
            "into how many steps the way is divided, 1 to 100000; auto doubles them from \(StepCount.automaticRange.lowerBound) until attributions add up to 1 %, to \(StepCount.automaticRange.upperBound) at most"
        ) { text in
            if text == "auto" { return .automatic }
            return Int(text).flatMap { (1...100_000).contains($0) ? .fixed($0) : nil }
        }
    }
}
