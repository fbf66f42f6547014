import Evaluation
import Foundation
import Testing

/// Methods whose order is known by construction.
@Suite struct EvaluationAdviceTests {
    /// Pictures differ from one another by much more than methods do.
    private static let pictures = (0..<40).map { Double($0 % 8) / 10 }

    private func method(
        _ label: String, _ verdict: SanityVerdict? = .pass, above offset: Double = 0, wobble: Double = 0,
        localisation: Double? = nil, seconds: Double? = 0.01, isReference: Bool = false
    ) -> MethodEvidence {
        MethodEvidence(
            label: label, isReference: isReference, verdict: verdict,
            faithfulness: Self.pictures.enumerated().map { place, value in
                value + offset + wobble * (place.isMultiple(of: 2) ? 1 : -1)
            },
            localisation: Self.pictures.map { value in localisation.map { $0 + value / 10 } },
            seconds: seconds)
    }

    private func order(_ evidence: [MethodEvidence]) -> [String] { EvaluationAdvice(evidence).ranking.map(\.method) }

    @Test func theMostFaithfulWins() {
        let advice = EvaluationAdvice(
            [method("b", above: 0.1), method("c", above: 0.05), method("a", above: 0.3, seconds: 2)],
            checkedPictures: 5)
        #expect(advice.recommended == "a" && advice.ranking.map(\.method) == ["a", "b", "c"])
        #expect(advice.ranking.map(\.rank) == [1, 2, 3] && advice.ranking.map(\.isUnbeaten) == [true, false, false])
        // 0.35 on average; pictures differ, the difference of two methods does not: its interval is a point.
        #expect(
            advice.sentence.hasPrefix("Use a: PASS on 5 pictures, insertion minus deletion 0.650 ("))
        #expect(advice.sentence.contains("The next, b, is less faithful by 0.200 (0.200 to 0.200)."))
        #expect(advice.sentence.contains("2.0 s a map"))
    }

    @Test func whatFailsIsNeverRecommended() {
        let advice = EvaluationAdvice([
            method("best", .fail, above: 0.9), method("careful", .caution, above: 0.5), method("sane", above: 0.1),
            method("unknown", nil, above: 0.8),
        ])
        #expect(advice.ranking.map(\.method) == ["sane", "careful", "unknown", "best"])
        #expect(advice.recommended == "sane")
        #expect(
            advice.sentence.contains(
                "The sanity check puts it before careful (0.850, CAUTION), unknown (1.150, not checked) and best (1.250, FAIL)."
            ))
        let poor = EvaluationAdvice([method("poor", .fail, above: -0.2), method("sane")])
        #expect(poor.recommended == "sane" && poor.sentence.contains("; poor fails the sanity check."))
        let cautious = EvaluationAdvice([method("best", .fail, above: 0.9), method("careful", .caution)])
        #expect(cautious.recommended == "careful")
        #expect(
            cautious.sentence.hasPrefix("No method passes the sanity check; the best of the others is careful: CAUTION")
        )
        for verdict in [SanityVerdict.fail, nil] {
            let none = EvaluationAdvice([method("a", verdict, above: 1), method("b", verdict)])
            #expect(none.recommended == nil && none.sentence.hasPrefix("No method can be recommended: "))
        }
        #expect(EvaluationAdvice([]).recommended == nil)
    }

    @Test func whatIsUndecidedIsNotRecommended() {
        let advice = EvaluationAdvice(
            [
                method("open", .undecided, above: 0.9), method("careful", .caution, above: 0.5),
                method("unknown", nil, above: 0.8), method("bad", .fail, above: 1),
            ])
        #expect(advice.ranking.map(\.method) == ["careful", "open", "unknown", "bad"])
        #expect(advice.recommended == "careful" && advice.sentence.contains("open (1.250, UNDECIDED)"))
        let none = EvaluationAdvice(
            [method("open", .undecided), method("closed", .undecided), method("bad", .fail)], checkedPictures: 3)
        #expect(none.recommended == nil)
        #expect(
            none.sentence
                == "No method can be recommended: 3 pictures leave the sanity check of open and closed undecided; let it look at more (--checked-pictures)."
        )
    }

    @Test func aTieIsSaidAndTheQuickerWins() {
        // More faithful by 0.01 on average, at half of the pictures by 0.21 and at half less by 0.19.
        let slow = method("slow", above: 0.01, wobble: 0.2, seconds: 1)
        let quick = method("quick", seconds: 0.1)
        let advice = EvaluationAdvice([slow, quick])
        #expect(advice.recommended == "quick" && advice.ranking.allSatisfy(\.isUnbeaten))
        #expect(advice.sentence.contains("Within the intervals slow (0.360, slower: 1.0 s) is as faithful."))
        // A difference of a tenth in times that were measured at a few pictures is none.
        var same = quick
        same.seconds = 0.95
        #expect(order([slow, same]) == ["slow", "quick"])
        same.seconds = nil
        #expect(order([slow, same]) == ["slow", "quick"])
        // The same map twice is a tie as well.
        let twin = EvaluationAdvice([method("twin", seconds: 0.01), quick])
        #expect(twin.recommended == "twin" && twin.sentence.contains("quick (0.350, slower: 0.100 s) is as faithful"))
    }

    @Test func picturesAreComparedOneByOne() {
        // Intervals of both means overlap widely, but one is better at every single picture.
        let advice = EvaluationAdvice([method("worse", seconds: 0.001), method("better", above: 0.01, seconds: 1)])
        #expect(advice.recommended == "better")
        let ends = advice.ranking.map { ($0.faithfulness?.low ?? .nan, $0.faithfulness?.high ?? .nan) }
        #expect(ends[0].0 < ends[1].1)
    }

    @Test func localisationDecidesOnlyTies() {
        let sharp = method("sharp", wobble: 0.2, localisation: 0.7, seconds: 1)
        let blurred = method("blurred", localisation: 0.4, seconds: 0.1)
        let advice = EvaluationAdvice([blurred, sharp], localisationMetric: "box-iou")
        #expect(advice.recommended == "sharp")
        #expect(
            advice.sentence.contains("box-iou 0.735") && advice.sentence.contains("blurred (0.350, localises worse)"))
        #expect(order([method("elsewhere", above: 0.1, localisation: 0.1), sharp]) == ["elsewhere", "sharp"])
    }

    @Test func trivialMapsHaveToBeBeaten() {
        let noise = method("random-map", nil, isReference: true)
        let better = EvaluationAdvice([method("a", above: 0.1), noise])
        #expect(better.recommended == "a" && better.ranking.map(\.method) == ["a"])
        let equal = EvaluationAdvice([method("a", above: 0.01, wobble: 0.3), noise])
        #expect(
            equal.recommended == nil
                && equal.sentence.contains("not more faithful than the trivial map random-map (0.350)"))
        // A reference that was not asked says nothing.
        var silent = noise
        silent.faithfulness = Self.pictures.map { _ in nil }
        #expect(EvaluationAdvice([method("a", above: 0.01, wobble: 0.3), silent]).recommended == "a")
    }

    @Test func fewPicturesAreSaid() {
        func cut(_ count: Int) -> EvaluationAdvice {
            EvaluationAdvice([
                MethodEvidence(
                    label: "a", verdict: .pass, faithfulness: [0.5, 0.4, 0.6].prefix(count) + [nil], seconds: nil)
            ])
        }
        #expect(cut(3).recommended == "a" && cut(3).sentence.contains("3 pictures are few"))
        #expect(cut(1).recommended == nil && cut(1).sentence.contains("fewer than two pictures"))
        #expect(cut(0).recommended == nil)
    }

    @Test func everyKeyIsThere() throws {
        let advice = EvaluationAdvice([
            method("a", above: 0.1), MethodEvidence(label: "b", verdict: nil, faithfulness: [], seconds: nil),
        ])
        let json = try #require(
            try JSONSerialization.jsonObject(with: JSONEncoder().encode(advice)) as? [String: Any])
        #expect(Set(json.keys) == ["recommended", "sentence", "ranking", "localisationMetric", "checkedPictures"])
        let entries = try #require(json["ranking"] as? [[String: Any]])
        for entry in entries {
            #expect(
                Set(entry.keys) == [
                    "rank", "method", "verdict", "faithfulness", "isUnbeaten", "localisation", "seconds",
                ])
        }
    }
}
