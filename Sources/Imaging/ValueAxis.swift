import Foundation

/// The round numbers of an axis or a colour bar between two values.
package struct ValueAxis: Sendable, Hashable {
    /// The value at the beginning.
    package var low: Double
    /// The value at the end, above `low`.
    package var high: Double

    /// An axis between two values.
    package init(low: Double, high: Double) {
        self.low = low
        self.high = high
    }

    /// A number on the axis and its place, 0...1.
    package struct Tick: Hashable {
        package var place: Double
        package var text: String
    }

    /// Round numbers (1, 2, 2.5 or 5 times a power of ten) inside the range, at most `count` + 1 of them.
    package func ticks(count: Int) -> [Tick] {
        let extent = high - low
        let largest = max(abs(low), abs(high))
        // Powers of ten of denormal or huge numbers are no longer exact, or no numbers at all.
        guard count > 0, extent > 1e-290, largest < 1e290 else { return [Tick(place: 0, text: Self.plain(low))] }
        let power = pow(10, floor(log10(extent / Double(count))))
        let step = [1, 2, 2.5, 5, 10].map { $0 * power }.first { extent / $0 <= Double(count) + 1e-9 } ?? extent
        let (first, last) = ((low / step - 1e-9).rounded(.up), (high / step + 1e-9).rounded(.down))
        // Near the precision of Double no round numbers are left between the ends.
        guard first.magnitude < 1e12, last.magnitude < 1e12, first <= last, last - first <= Double(count) else {
            return [Tick(place: 0, text: Self.plain(low)), Tick(place: 1, text: Self.plain(high))]
        }
        let scientific = largest >= 1e5 || largest < 1e-3
        // How many decimals the step itself needs, relative to 1 or to the largest value's power of ten.
        let unit = scientific ? pow(10, floor(log10(largest) + 1e-9)) : 1
        let decimals = (0...6).first { digits in
            let scaled = step / unit * pow(10, Double(digits))
            return abs(scaled - scaled.rounded()) < 1e-6 * max(scaled, 1) && scaled > 0.5
        }
        return (Int(first)...Int(last)).map { index in
            let value = Double(index) * step
            let text =
                scientific
                ? value == 0 ? "0" : Self.scientific(value, unit: unit, decimals: decimals ?? 6)
                : Self.fixed(value, decimals: decimals ?? 6)
            return Tick(place: min(max((value - low) / extent, 0), 1), text: text)
        }
    }

    private static func scientific(_ value: Double, unit: Double, decimals: Int) -> String {
        fixed(value / unit, decimals: decimals) + "e" + String(Int(log10(unit).rounded()))
    }

    private static func fixed(_ value: Double, decimals: Int) -> String {
        (String(format: "%.\(decimals)f", value == 0 ? 0 : value)).replacingOccurrences(of: "-", with: "−")
    }

    private static func plain(_ value: Double) -> String {
        String(format: "%.4g", value).replacingOccurrences(of: "-", with: "−")
    }
}
