import Foundation

/// How rough a map `[H, W]` is: the mean of `|difference|^β` over neighbours below plus that over neighbours to the right.
package struct TotalVariation: Sendable {
    package let exponent: Double

    package init(exponent: Double) { self.exponent = exponent }

    package func value(of map: [Double], height: Int, width: Int) -> (value: Double, gradient: [Double]) {
        var gradient = [Double](repeating: 0, count: map.count)
        var value = 0.0
        func add(_ first: Int, _ second: Int, count: Int) {
            let difference = map[second] - map[first]
            guard difference != 0 else { return }
            let magnitude = abs(difference)
            let power = pow(magnitude, exponent - 1)
            value += power * magnitude / Double(count)
            let slope = exponent * power * (difference > 0 ? 1 : -1) / Double(count)
            gradient[second] += slope
            gradient[first] -= slope
        }
        for row in 0..<height {
            for column in 0..<width {
                let place = row * width + column
                if row + 1 < height { add(place, place + width, count: (height - 1) * width) }
                if column + 1 < width { add(place, place + 1, count: height * (width - 1)) }
            }
        }
        return (value, gradient)
    }
}
