import Foundation

/// Whether a method's maps depend on what the model learnt, as far as parameter randomisation sees and the pictures tell.
public enum SanityVerdict: String, Sendable, Hashable, Codable, CaseIterable {
    /// The maps change when the upper half of the model forgets what it learnt.
    case pass = "PASS"
    /// They change in part, or are partly the picture itself.
    case caution = "CAUTION"
    /// They stay what they were.
    case fail = "FAIL"
    /// More than one of these may hold: too little was measured.
    case undecided = "UNDECIDED"
}

/// The numbers that decide a verdict, and the rule.
///
/// All are Spearman's rank correlations. A similarity `s` means something only beside the similarity `f` of what belongs
/// to different pictures (the floor, 0 where it is negative): what counts is the part `(s - f) / (1 - f)`, 0 where that is
/// negative, that is kept of what tells a map from another picture's. "Randomised" is the mean over pictures, seeds and
/// the steps that randomise the upper half of the layers: the area under the upper half of the curve.
///
/// - **FAIL**: half or more of the signed map is kept. Another model with the same lower layers gives the same map.
/// - **FAIL or CAUTION** where signed maps of different pictures are the same (0.9 and more), because the part means nothing
///   then: FAIL where the randomised model's is the same, too.
/// - **CAUTION**: a quarter or more of the signed map is kept; or half or more of where it is strong; or a quarter or more
///   of where it is strong is what the picture itself shows, without any model: Sobel's edges, or the magnitude of its
///   numbers (a factor of gradient times input and of integrated gradients).
/// - **PASS**: none of these.
///
/// The signed map decides between the two because magnitudes keep traces of the architecture (strides, borders, flat
/// regions) whatever the parameters, while the sign of a random model's map is random.
public struct SanityNumbers: Sendable, Hashable, Codable {
    /// How alike maps of the model and of its randomised upper half are, where they are strong.
    public let randomised: Double
    /// The same with signs.
    public let randomisedDiverging: Double
    /// How alike maps of different pictures are, where they are strong.
    public let floor: Double
    /// The same with signs.
    public let floorDiverging: Double
    /// How alike the map and the picture's edges are.
    public let edges: Double
    /// How alike the map and another picture's edges are.
    public let floorEdges: Double
    /// How alike the map and the magnitudes of the picture's numbers are.
    public let values: Double
    /// How alike the map and the magnitudes of another picture's numbers are.
    public let floorValues: Double

    package init(
        randomised: Double, randomisedDiverging: Double, floor: Double, floorDiverging: Double, edges: Double,
        floorEdges: Double, values: Double, floorValues: Double
    ) {
        self.randomised = randomised
        self.randomisedDiverging = randomisedDiverging
        self.floor = floor
        self.floorDiverging = floorDiverging
        self.edges = edges
        self.floorEdges = floorEdges
        self.values = values
        self.floorValues = floorValues
    }

    /// Less than this part is as good as nothing.
    public static let some = 0.25
    /// So much is most of a map.
    public static let most = 0.5
    /// Maps that are so alike are the same.
    public static let same = 0.9

    /// Whether the method shows the same of all pictures, so that nothing tells a picture's map from another's.
    public var isBlind: Bool { floorDiverging >= Self.same }

    /// The part of where a map is strong that is kept, 0...1.
    public var kept: Double { Self.above(floor, randomised) }
    /// The part of a signed map that is kept, 0...1.
    public var keptDiverging: Double { Self.above(floorDiverging, randomisedDiverging) }
    /// The part of where a map is strong that is this picture's edges, 0...1.
    public var edgePart: Double { Self.above(floorEdges, edges) }
    /// The part of where a map is strong that is this picture's own numbers, 0...1.
    public var valuePart: Double { Self.above(floorValues, values) }

    private static func above(_ floor: Double, _ similarity: Double) -> Double {
        // Less than no correlation is chance: it makes nothing else more alike.
        let floor = max(floor, 0)
        return floor < 1 ? min(max((similarity - floor) / (1 - floor), 0), 1) : similarity >= 1 ? 1 : 0
    }

    /// A similarity with two digits; what rounds to nothing has no sign.
    package static func text(_ similarity: Double) -> String {
        let text = String(format: "%.2f", similarity)
        return text == "-0.00" ? "0.00" : text
    }

    /// The rule, for numbers that are known exactly; `SanityJudgement` asks it of intervals.
    public var verdict: SanityVerdict {
        if isBlind { return randomisedDiverging >= Self.same ? .fail : .caution }
        if keptDiverging >= Self.most { return .fail }
        let isCautious =
            keptDiverging >= Self.some || kept >= Self.most || edgePart >= Self.some || valuePart >= Self.some
        return isCautious ? .caution : .pass
    }
}
