/// A colour for every number from 0 to 1.
public enum ColourMap: String, Sendable, Hashable, Codable, CaseIterable {
    /// Google's improved rainbow (Mikhailov 2019): the most levels that the eye can tell apart.
    case turbo
    /// From violet to yellow, evenly in lightness, also for colour-blind eyes (van der Walt and Smith 2015).
    case viridis
    /// From black over red to yellow, evenly in lightness (van der Walt and Smith 2015).
    case inferno
    /// Matlab's old rainbow, for comparison with published figures; its bright bands are no features of the data.
    case jet
    /// From blue over light grey at 0.5 to red, for signed maps (Moreland 2009, "Diverging Color Maps").
    case diverging

    /// The colour at `value`; values outside 0...1 have the colour of the nearer end, NaN that of 0.
    public func colour(at value: Double) -> Colour {
        table[value > 0 ? Int(min(value, 1) * 255 + 0.5) : 0]
    }

    /// 256 colours from 0 to 1.
    public var table: [Colour] {
        switch self {
        case .turbo: Self.turboTable
        case .viridis: Self.viridisTable
        case .inferno: Self.infernoTable
        case .jet: Self.jetTable
        case .diverging: Self.divergingTable
        }
    }

    private static let turboTable = entries { spline(turboControls, at: $0) }
    private static let viridisTable = entries { spline(viridisControls, at: $0) }
    private static let infernoTable = entries { spline(infernoControls, at: $0) }
    private static let jetTable = entries { value in
        func channel(_ points: [(Double, Double)]) -> Double {
            for (from, to) in zip(points, points.dropFirst()) where value <= to.0 {
                return from.1 + (to.1 - from.1) * (value - from.0) / (to.0 - from.0)
            }
            return 0
        }
        return (
            channel([(0, 0), (0.35, 0), (0.66, 1), (0.89, 1), (1, 0.5)]),
            channel([(0, 0), (0.125, 0), (0.375, 1), (0.64, 1), (0.91, 0), (1, 0)]),
            channel([(0, 0.5), (0.11, 1), (0.34, 1), (0.65, 0), (1, 0)])
        )
    }
    private static let divergingTable = entries { spline(divergingControls, at: $0) }

    private static func entries(_ colour: (Double) -> (Double, Double, Double)) -> [Colour] {
        func byte(_ value: Double) -> UInt8 { UInt8((min(max(value, 0), 1) * 255).rounded()) }
        return (0..<256).map { index in
            let (red, green, blue) = colour(Double(index) / 255)
            return Colour(red: byte(red), green: byte(green), blue: byte(blue))
        }
    }

    // Fits of our own to the published maps: uniform cubic B-splines with controls in thousandths, found by minimising
    // the largest error (below 0.62 of 255; 1.08 at the diverging map's kink) with `Scripts/golden/colour_map_fit.py`.

    private static let turboControls: [[Double]] = [
        [116, 192, 260, 279, 280, 156, 59, 163, 431, 651, 796, 948, 999, 999, 928, 834, 679, 492, 225],
        [-122, 75, 253, 423, 577, 738, 872, 952, 1002, 1001, 938, 818, 690, 503, 312, 188, 83, 13, -43],
        [-269, 251, 659, 910, 1036, 936, 763, 616, 377, 214, 192, 238, 218, 130, 51, 16, 2, 6, 39],
    ]
    private static let viridisControls: [[Double]] = [
        [235, 270, 297, 224, 177, 118, 114, 354, 658, 1021, 1208],
        [-196, 9, 181, 323, 451, 563, 685, 791, 870, 902, 959],
        [69, 351, 495, 559, 554, 563, 509, 407, 196, -31, 805],
    ]
    private static let infernoControls: [[Double]] = [
        [26, -15, 43, 156, 286, 395, 511, 623, 734, 836, 911, 969, 988, 991, 945, 941, 1227],
        [78, -28, 48, 46, 29, 90, 119, 167, 208, 281, 370, 488, 617, 754, 900, 1014, 1030],
        [-92, 3, 153, 347, 431, 433, 429, 389, 338, 257, 180, 83, -17, 153, 332, 687, 783],
    ]

    private static let divergingControls: [[Double]] = [
        [136, 229, 328, 438, 553, 669, 776, 869, 946, 974, 965, 913, 827, 709, 570],
        [123, 306, 439, 580, 689, 789, 840, 882, 810, 730, 605, 463, 291, 108, -655],
        [612, 758, 877, 960, 1002, 1001, 955, 872, 742, 613, 480, 357, 243, 148, 67],
    ]

    private static func spline(_ controls: [[Double]], at value: Double) -> (Double, Double, Double) {
        let intervals = controls[0].count - 3
        let position = value * Double(intervals)
        let first = min(Int(position), intervals - 1)
        let u = position - Double(first)
        let v = 1 - u
        let weights = [v * v * v, 3 * u * u * u - 6 * u * u + 4, 3 * v * v * v - 6 * v * v + 4, u * u * u]
        let channels = controls.map { row in
            zip(weights, row[first..<first + 4]).reduce(0) { $0 + $1.0 * $1.1 } / 6000
        }
        return (channels[0], channels[1], channels[2])
    }
}
