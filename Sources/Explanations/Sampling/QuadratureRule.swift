import Foundation

/// How an integral over [0, 1] becomes a weighted sum.
package enum QuadratureRule: String, Sendable, CaseIterable {
    /// Exact for polynomials of degree 2n - 1 (Gauss and Legendre); in equal parts of up to 2000 nodes above that.
    case gaussLegendre = "gauss-legendre"
    /// n intervals, so n + 1 points.
    case trapezoid
    /// The middles of n intervals.
    case midpoint
    /// The left ends of n intervals (Riemann).
    case left
    /// The right ends of n intervals, as in the paper of integrated gradients.
    case right

    /// A point of [0, 1] and its share of the integral.
    package struct Node: Sendable, Hashable {
        package let position: Double
        package let weight: Double
    }

    /// The nodes in rising order; their weights sum to 1.
    package func nodes(_ steps: Int) -> [Node] {
        let count = Double(steps)
        switch self {
        case .gaussLegendre: return Self.compositeGaussLegendre(steps)
        case .trapezoid:
            return (0...steps).map {
                Node(position: Double($0) / count, weight: ($0 == 0 || $0 == steps ? 0.5 : 1) / count)
            }
        case .midpoint: return (0..<steps).map { Node(position: (Double($0) + 0.5) / count, weight: 1 / count) }
        case .left: return (0..<steps).map { Node(position: Double($0) / count, weight: 1 / count) }
        case .right: return (1...steps).map { Node(position: Double($0) / count, weight: 1 / count) }
        }
    }

    /// Finding n nodes takes n² steps, so many nodes are found in equal parts of the interval.
    private static func compositeGaussLegendre(_ count: Int) -> [Node] {
        let parts = (count + 1999) / 2000
        guard parts > 1 else { return gaussLegendre(count) }
        var known: [Int: [Node]] = [:]
        return (0..<parts).flatMap { part in
            let size = (part + 1) * count / parts - part * count / parts
            let nodes = known[size] ?? gaussLegendre(size)
            known[size] = nodes
            return nodes.map {
                Node(position: (Double(part) + $0.position) / Double(parts), weight: $0.weight / Double(parts))
            }
        }
    }

    /// The roots of the Legendre polynomial by Newton's method from Tricomi's estimate, and their weights.
    private static func gaussLegendre(_ count: Int) -> [Node] {
        (1...count).reversed().map { index in
            var x = cos(Double.pi * (Double(index) - 0.25) / (Double(count) + 0.5))
            var slope = 1.0
            for _ in 0..<100 {
                let (value, derivative) = legendre(count, at: x)
                slope = derivative
                let step = value / derivative
                x -= step
                if abs(step) < 1e-15 { break }
            }
            slope = legendre(count, at: x).derivative
            return Node(position: (1 + x) / 2, weight: 1 / ((1 - x * x) * slope * slope))
        }
    }

    /// The Legendre polynomial of a degree and its derivative, by the recurrence of three terms.
    private static func legendre(_ degree: Int, at x: Double) -> (value: Double, derivative: Double) {
        var (before, value) = (1.0, x)
        guard degree > 1 else { return (x, 1) }
        for k in 2...degree {
            (before, value) = (value, (Double(2 * k - 1) * x * value - Double(k - 1) * before) / Double(k))
        }
        return (value, Double(degree) * (x * value - before) / (x * x - 1))
    }
}

extension [QuadratureRule.Node] {
    /// The same nodes in an order whose every beginning is spread over the whole interval (van der Corput's), so that a sum
    /// that ends early still stands for all of it.
    package var spread: [QuadratureRule.Node] {
        var bits = 0
        while 1 << bits < count { bits += 1 }
        return (0..<1 << bits).compactMap { index in
            var (reversed, rest) = (0, index)
            for _ in 0..<bits {
                reversed = reversed << 1 | rest & 1
                rest >>= 1
            }
            return indices.contains(reversed) ? self[reversed] : nil
        }
    }
}
