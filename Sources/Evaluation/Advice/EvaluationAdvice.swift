import Explanations
import Foundation

/// Which method to use for a model on a data set, and why: a ranking by sanity, faithfulness, localisation and time.
public struct EvaluationAdvice: Sendable, Hashable, Encodable {
    /// One method of the ranking.
    public struct Entry: Sendable, Hashable, Encodable {
        /// From 1.
        public let rank: Int
        /// The method's label.
        public let method: String
        /// Whether its maps depend on what the model learnt; nil where that was not measured.
        public let verdict: SanityVerdict?
        /// Insertion minus deletion; nil where it was not measured.
        public let faithfulness: MeasuredMean?
        /// Whether it was measured and no method of the same verdict is more faithful as far as intervals tell.
        public let isUnbeaten: Bool
        /// How well maps lie on objects, by the metric that `EvaluationAdvice.localisationMetric` names.
        public let localisation: MeasuredMean?
        /// The median time of one map.
        public let seconds: Double?

        enum CodingKeys: String, CodingKey {
            case rank, method, verdict, faithfulness, isUnbeaten, localisation, seconds
        }

        /// Every key, also of what was not measured.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(rank, forKey: .rank)
            try container.encode(method, forKey: .method)
            try container.encode(verdict, forKey: .verdict)
            try container.encode(faithfulness, forKey: .faithfulness)
            try container.encode(isUnbeaten, forKey: .isUnbeaten)
            try container.encode(localisation, forKey: .localisation)
            try container.encode(seconds, forKey: .seconds)
        }
    }

    /// The method to use; nil where nothing that was measured speaks for one.
    public let recommended: String?
    /// One or two sentences that claim no more than was measured.
    public let sentence: String
    /// Methods, the first recommended first; references are left out.
    public let ranking: [Entry]
    /// The metric that tells how well maps lie on objects; nil where the data set does not say where they are.
    public let localisationMetric: String?
    /// How many pictures the sanity check looked at.
    public let checkedPictures: Int

    /// The advice of what was measured; the rule stands in `Documentation/Evaluation.md`.
    ///
    /// - Parameters:
    ///   - evidence: Methods and references.
    ///   - localisationMetric: What `localisation` in the evidence is.
    ///   - checkedPictures: How many pictures the sanity check looked at.
    ///   - seed: Draws the pictures of the bootstrap intervals.
    package init(
        _ evidence: [MethodEvidence], localisationMetric: String? = nil, checkedPictures: Int = 0, seed: UInt64 = 0
    ) {
        let rule = MethodRanking(evidence, seed: seed)
        let order = rule.order()
        ranking = order.enumerated().map { place, method in
            let own = evidence[method]
            let peers = order.filter { evidence[$0].verdict == own.verdict }
            let isBehind = peers.contains { rule.isMoreFaithful($0, than: method) }
            return Entry(
                rank: place + 1, method: own.label, verdict: own.verdict,
                faithfulness: MeasuredMean(own.faithfulness, seed: seed),
                isUnbeaten: own.faithfulness.contains { $0 != nil } && !isBehind,
                localisation: MeasuredMean(own.localisation, seed: seed), seconds: own.seconds)
        }
        self.localisationMetric = localisationMetric
        self.checkedPictures = checkedPictures
        let conclusion = AdviceSentence(
            evidence, rule, ranking: ranking, order: order, localisationMetric: localisationMetric,
            checkedPictures: checkedPictures)
        recommended = conclusion.recommended
        sentence = conclusion.text
    }

    enum CodingKeys: String, CodingKey {
        case recommended, sentence, ranking, localisationMetric, checkedPictures
    }

    /// Every key, also of what was not measured.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(recommended, forKey: .recommended)
        try container.encode(sentence, forKey: .sentence)
        try container.encode(ranking, forKey: .ranking)
        try container.encode(localisationMetric, forKey: .localisationMetric)
        try container.encode(checkedPictures, forKey: .checkedPictures)
    }
}
