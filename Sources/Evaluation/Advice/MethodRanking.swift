import Explanations

/// The order in which methods are recommended.
///
/// 1. The verdict of the sanity check: PASS before CAUTION, before UNDECIDED, before methods that were not checked, before FAIL.
/// 2. Faithfulness, insertion minus deletion: a method is less faithful than another one where the 95 % bootstrap interval of the
///    difference, picture by picture, lies below 0; methods tie that are less faithful than none.
/// 3. Among those that tie, localisation where the data set says where objects are, in the same way. A model may look elsewhere, so it
///    decides nothing else.
/// 4. Among those that still tie, the time of a map: the quickest and all that take at most 1.25 times as long count as equally
///    quick, and of these the most faithful on average is first.
///
/// The rule picks the first, then the first of the rest, and so on.
struct MethodRanking {
    /// Times are measured at a few pictures: less than this factor is no difference.
    static let sameTime = 1.25

    private let evidence: [MethodEvidence]
    private let seed: UInt64
    private let faithfulness: [Double?]
    private let localisation: [Double?]
    /// Whether the row's method is more faithful than the column's, or localises better.
    private var isMoreFaithful: [[Bool]] = []
    private var isBetterLocalised: [[Bool]] = []

    init(_ evidence: [MethodEvidence], seed: UInt64) {
        self.evidence = evidence
        self.seed = seed
        faithfulness = evidence.map { Self.mean($0.faithfulness) }
        localisation = evidence.map { Self.mean($0.localisation) }
        isMoreFaithful = table(of: faithfulness) { $0.faithfulness }
        isBetterLocalised = table(of: localisation) { $0.localisation }
    }

    /// Only the larger mean can be the better one.
    private func table(of means: [Double?], values: (MethodEvidence) -> [Double?]) -> [[Bool]] {
        evidence.indices.map { first in
            evidence.indices.map { second in
                guard let mean = means[first], let other = means[second], mean > other else { return false }
                let difference = MeasuredMean(of: values(evidence[first]), minus: values(evidence[second]), seed: seed)
                return difference.map { !$0.mayBeNothing } ?? false
            }
        }
    }

    /// Positions, the first recommended first.
    func order() -> [Int] {
        var order: [Int] = []
        var rest = evidence.indices.filter { !evidence[$0].isReference }
        while let first = first(of: rest) {
            order.append(first)
            rest.removeAll { $0 == first }
        }
        return order
    }

    /// Whether a method is more faithful than another one, as far as intervals tell.
    func isMoreFaithful(_ first: Int, than second: Int) -> Bool { isMoreFaithful[first][second] }

    /// Whether a method's maps lie better on objects than another one's, as far as intervals tell.
    func isBetterLocalised(_ first: Int, than second: Int) -> Bool { isBetterLocalised[first][second] }

    /// By how much a method is more faithful than another one.
    func difference(_ first: Int, _ second: Int) -> MeasuredMean? {
        MeasuredMean(of: evidence[first].faithfulness, minus: evidence[second].faithfulness, seed: seed)
    }

    /// How a verdict ranks.
    static func level(_ verdict: SanityVerdict?) -> Int {
        switch verdict {
        case .pass?: 0
        case .caution?: 1
        case .undecided?: 2
        case nil: 3
        case .fail?: 4
        }
    }

    private func first(of candidates: [Int]) -> Int? {
        guard let level = candidates.map({ Self.level(evidence[$0].verdict) }).min() else { return nil }
        var left = candidates.filter { Self.level(evidence[$0].verdict) == level }
        left = unbeaten(left, by: isMoreFaithful, means: faithfulness)
        left = unbeaten(left, by: isBetterLocalised, means: localisation)
        guard let quickest = left.map({ seconds($0) }).min() else { return nil }
        left = left.filter { seconds($0) <= quickest * Self.sameTime }
        return left.max { (faithfulness[$0] ?? -.infinity, -$0) < (faithfulness[$1] ?? -.infinity, -$1) }
    }

    /// Those that no other is better than; everyone where nobody has the number. The largest mean is always among them.
    private func unbeaten(_ candidates: [Int], by isBetter: [[Bool]], means: [Double?]) -> [Int] {
        let known = candidates.filter { means[$0] != nil }
        return known.isEmpty ? candidates : known.filter { method in !known.contains { isBetter[$0][method] } }
    }

    private func seconds(_ method: Int) -> Double { evidence[method].seconds ?? .infinity }

    private static func mean(_ values: [Double?]) -> Double? {
        let known = values.compactMap { $0 }
        return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    }
}
