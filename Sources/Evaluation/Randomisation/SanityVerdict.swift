/// Whether a method's maps depend on what the model learnt, as far as parameter randomisation sees.
public enum SanityVerdict: String, Sendable, Hashable, Codable, CaseIterable {
    /// The maps change when the upper half of the model forgets what it learnt.
    case pass = "PASS"
    /// They change in one view only, or partly, or too little was measured.
    case caution = "CAUTION"
    /// They stay what they were.
    case fail = "FAIL"
}

/// The numbers that decide a verdict, and the rule.
///
/// A similarity `s` means something only beside the similarity `f` of maps of different pictures (the floor): what counts is
/// the part that is kept of what distinguishes a map from another picture's, `k = (s - f) / (1 - f)`, at least 0. All similarities are
/// Spearman's, `s` the mean over pictures, seeds and the steps that randomise the upper half of the layers: the area under the
/// upper half of the curve.
///
/// - FAIL: both views are kept to half or more, or the absolute view is kept to half or more and the map is an edge
///   detector's to half or more.
/// - PASS: both views are kept to less than a quarter... 
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

    package init(
        randomised: Double, randomisedDiverging: Double, floor: Double, floorDiverging: Double, edges: Double,
        floorEdges: Double
    ) {
        self.randomised = randomised
        self.randomisedDiverging = randomisedDiverging
        self.floor = floor
        self.floorDiverging = floorDiverging
        self.edges = edges
        self.floorEdges = floorEdges
    }

    /// The part of a map that is kept, where it is strong, 0...1.
    public var kept: Double { Self.above(floor, randomised) }
    /// The part of a map with its signs that is kept, 0...1.
    public var keptDiverging: Double { Self.above(floorDiverging, randomisedDiverging) }
    /// The part of a map that is this picture's edges, 0...1.
    public var edgePart: Double { Self.above(floorEdges, edges) }

    /// Less than this part is as good as nothing.
    static let some = 0.25
    /// So much is most of a map.
    static let most = 0.5

    private static func above(_ floor: Double, _ similarity: Double) -> Double {
        floor < 1 ? min(max((similarity - floor) / (1 - floor), 0), 1) : 1
    }

    /// The rule.
    public var verdict: SanityVerdict {
        if min(kept, keptDiverging) >= Self.most || (kept >= Self.most && edgePart >= Self.most) { return .fail }
        if max(kept, keptDiverging) < Self.some && edgePart < Self.most { return .pass }
        return .caution
    }
}
