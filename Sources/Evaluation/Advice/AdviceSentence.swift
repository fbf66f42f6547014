import Explanations
import Foundation

/// What a ranking comes to, in words that claim no more than was measured.
struct AdviceSentence {
    let recommended: String?
    let text: String

    private static let few = 10

    init(
        _ evidence: [MethodEvidence], _ rule: MethodRanking, ranking: [EvaluationAdvice.Entry], order: [Int],
        localisationMetric: String?, checkedPictures: Int
    ) {
        guard let first = ranking.first, let winner = order.first else {
            self.init(nil, ["No method was measured, so none can be recommended"])
            return
        }
        let failed = ranking.filter { $0.verdict == .fail }.map(\.method)
        switch first.verdict {
        case .fail?:
            self.init(
                nil,
                [
                    "No method can be recommended: \(Self.list(failed)) \(failed.count == 1 ? "fails" : "fail") the sanity check"
                ])
            return
        case nil:
            self.init(nil, ["No method can be recommended: none was measured by the sanity check"])
            return
        case .undecided?:
            let undecided = ranking.filter { $0.verdict == .undecided }.map(\.method)
            self.init(
                nil,
                [
                    "No method can be recommended: \(checkedPictures) picture\(checkedPictures == 1 ? " leaves" : "s leave") the sanity check of \(Self.list(undecided)) undecided; let it look at more (--checked-pictures)"
                ])
            return
        case .pass?, .caution?: break
        }
        guard let measured = first.faithfulness, let low = measured.low, let high = measured.high else {
            self.init(
                nil,
                [
                    "No method can be recommended: the faithfulness of \(first.method) was measured at fewer than two pictures"
                ])
            return
        }
        let facts = Self.facts(first, measured, low, high, localisationMetric, checkedPictures)
        let trivial = evidence.indices.filter { reference in
            evidence[reference].isReference && evidence[reference].faithfulness.contains { $0 != nil }
                && !rule.isMoreFaithful(winner, than: reference)
        }
        if let rival = trivial.first {
            let number = MeasuredMean(evidence[rival].faithfulness, seed: 0).map { " (\(Self.number($0.value)))" } ?? ""
            self.init(
                nil,
                [
                    "No method can be recommended: the first of the ranking, \(facts), is not more faithful than the trivial map \(evidence[rival].label)\(number) as far as the intervals tell"
                ])
            return
        }
        var sentences = [
            (first.verdict == .pass ? "Use " : "No method passes the sanity check; the best of the others is ") + facts
        ]
        sentences.append(Self.comparison(evidence, rule, ranking, order))
        // What would come first by faithfulness alone.
        let barred = ranking.dropFirst().filter {
            $0.verdict != first.verdict && ($0.faithfulness?.value ?? -.infinity) > measured.value
        }.map {
            "\($0.method) (\(Self.number($0.faithfulness?.value ?? .nan)), \($0.verdict?.rawValue ?? "not checked"))"
        }
        if !barred.isEmpty { sentences.append("The sanity check puts it before \(Self.list(barred))") }
        let worse = failed.filter { method in !barred.contains { $0.hasPrefix("\(method) (") } }
        if !worse.isEmpty {
            sentences[1] += "; \(Self.list(worse)) \(worse.count == 1 ? "fails" : "fail") the sanity check"
        }
        if measured.count < Self.few {
            sentences.append("\(measured.count) pictures are few: measure more before you rely on it")
        }
        self.init(first.method, sentences)
    }

    private init(_ recommended: String?, _ sentences: [String]) {
        self.recommended = recommended
        text = sentences.filter { !$0.isEmpty }.map { $0 + "." }.joined(separator: " ")
    }

    /// `gradcam: PASS on 5 pictures, insertion minus deletion 0.421 (0.380 to 0.460) over 325 pictures, 0.007 s a map`
    private static func facts(
        _ entry: EvaluationAdvice.Entry, _ measured: MeasuredMean, _ low: Double, _ high: Double, _ metric: String?,
        _ checked: Int
    ) -> String {
        var facts = [
            "\(entry.verdict?.rawValue ?? "") on \(checked) picture\(checked == 1 ? "" : "s")",
            "insertion minus deletion \(number(measured.value)) (\(number(low)) to \(number(high))) over \(measured.count) pictures",
        ]
        if let metric, let found = entry.localisation { facts.append("\(metric) \(number(found.value))") }
        if let seconds = entry.seconds { facts.append("\(time(seconds)) a map") }
        return "\(entry.method): \(facts.joined(separator: ", "))"
    }

    /// How the next ones stand to the first.
    private static func comparison(
        _ evidence: [MethodEvidence], _ rule: MethodRanking, _ ranking: [EvaluationAdvice.Entry], _ order: [Int]
    ) -> String {
        guard let first = ranking.first, let winner = order.first else { return "" }
        let peers = zip(ranking, order).filter { $0.0.verdict == first.verdict && $0.1 != winner }
        let equal = peers.filter { $0.0.isUnbeaten && $0.0.faithfulness != nil }
        if !equal.isEmpty {
            let words = equal.map { entry, method in
                "\(entry.method) (\(number(entry.faithfulness?.value ?? .nan)), \(reason(winner, method, evidence, rule)))"
            }
            return
                "Within the intervals \(list(words)) \(equal.count == 1 ? "is" : "are") as faithful"
        }
        guard let next = peers.first, let difference = rule.difference(winner, next.1),
            let low = difference.low, let high = difference.high
        else { return ranking.count == 1 ? "Nothing else was compared" : "No other method has its verdict" }
        return
            "The next, \(next.0.method), is less faithful by \(number(difference.value)) (\(number(low)) to \(number(high)))"
    }

    /// Why the first comes before a method that is as faithful.
    private static func reason(
        _ winner: Int, _ other: Int, _ evidence: [MethodEvidence], _ rule: MethodRanking
    ) -> String {
        if rule.isBetterLocalised(winner, than: other) { return "localises worse" }
        guard let own = evidence[winner].seconds, let seconds = evidence[other].seconds else {
            return "time not measured"
        }
        return seconds > own * MethodRanking.sameTime ? "slower: \(time(seconds))" : "as quick: \(time(seconds))"
    }

    private static func list(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return "\(words.dropLast().joined(separator: ", ")) and \(last)"
    }

    private static func number(_ value: Double) -> String { String(format: "%.3f", value) }

    private static func time(_ seconds: Double) -> String {
        String(format: seconds < 1 ? "%.3f s" : "%.1f s", seconds)
    }
}
