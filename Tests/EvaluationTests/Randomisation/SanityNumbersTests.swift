import Evaluation
import Testing

/// The written rule, by tables of numbers.
@Suite struct SanityNumbersTests {
    struct Row: Sendable {
        var randomised = 0.1
        var signed = 0.0
        var floor = 0.1
        var signedFloor = 0.0
        var edges = 0.1
        var otherEdges = 0.1
        var values = 0.1
        var otherValues = 0.1
        let verdict: SanityVerdict

        var numbers: SanityNumbers {
            SanityNumbers(
                randomised: randomised, randomisedDiverging: signed, floor: floor, floorDiverging: signedFloor,
                edges: edges, floorEdges: otherEdges, values: values, floorValues: otherValues)
        }
    }

    @Test(arguments: [
        Row(verdict: .pass),
        // Signs decide between PASS, CAUTION and FAIL …
        Row(signed: 0.24, verdict: .pass), Row(signed: 0.26, verdict: .caution),
        Row(signed: 0.49, verdict: .caution), Row(signed: 0.51, verdict: .fail), Row(signed: 1, verdict: .fail),
        // … above what different pictures have in common.
        Row(signed: 0.51, signedFloor: 0.5, verdict: .pass), Row(signed: 0.7, signedFloor: 0.5, verdict: .caution),
        Row(signed: 0.76, signedFloor: 0.5, verdict: .fail), Row(signed: 0.2, signedFloor: -0.8, verdict: .pass),
        // Maps that are all the same are no maps of a picture.
        Row(signed: 1, signedFloor: 1, verdict: .fail), Row(signed: 0.3, signedFloor: 1, verdict: .caution),
        Row(signed: 0.92, signedFloor: 0.95, verdict: .fail), Row(signed: 0.1, signedFloor: 0.95, verdict: .caution),
        // Opposite signs are a change.
        Row(signed: -1, verdict: .pass), Row(signed: -0.6, signedFloor: 0.4, verdict: .pass),
        // Where it is strong.
        Row(randomised: 0.54, verdict: .pass), Row(randomised: 0.56, verdict: .caution),
        Row(randomised: 1, verdict: .caution), Row(randomised: 0.56, floor: 0.4, verdict: .pass),
        // What the picture is by itself.
        Row(edges: 0.32, verdict: .pass), Row(edges: 0.33, verdict: .caution),
        Row(edges: 0.9, otherEdges: 0.89, verdict: .pass), Row(values: 0.32, verdict: .pass),
        Row(values: 0.33, verdict: .caution), Row(edges: 1, values: 1, verdict: .caution),
        Row(edges: -0.9, verdict: .pass),
        // Adebayo et al.'s cases in the numbers of EfficientNet-Lite0 and ten photographs: gradient, guided backpropagation, gradient times
        // input, Grad-CAM, Guided Grad-CAM.
        Row(
            randomised: 0.36, signed: -0.01, floor: 0.08, edges: -0.23, otherEdges: 0.02, values: 0.18,
            otherValues: 0.03, verdict: .pass),
        Row(
            randomised: 0.91, signed: 0.98, floor: 0.25, signedFloor: 0.04, edges: 0.04, otherEdges: 0.06, values: 0.17,
            otherValues: 0.06, verdict: .fail),
        Row(
            randomised: 0.64, signed: -0.01, floor: 0.08, edges: -0.25, otherEdges: 0.01, values: 0.69,
            otherValues: 0.05, verdict: .caution),
        Row(
            randomised: 0.05, signed: 0.03, floor: 0.54, signedFloor: 0.54, edges: 0.19, otherEdges: 0.08,
            verdict: .pass),
        Row(
            randomised: 0.51, signed: 0.82, floor: 0.46, signedFloor: 0.03, edges: 0.13, otherEdges: 0.08,
            verdict: .fail),
    ])
    func theRule(_ row: Row) {
        #expect(row.numbers.verdict == row.verdict, "\(row)")
    }

    @Test func nothingHasNoSign() {
        #expect(
            [-0.004, 0, 0.004, -0.006, 0.996].map(SanityNumbers.text) == ["0.00", "0.00", "0.00", "-0.01", "1.00"])
    }

    @Test func partsAreWhatIsKeptAboveTheFloor() {
        let numbers = Row(
            randomised: 0.7, signed: 0.1, floor: 0.4, signedFloor: 0.2, edges: 0.55, otherEdges: 0.1, values: 0.2,
            otherValues: -0.5, verdict: .caution
        ).numbers
        #expect(isClose(numbers.kept, 0.5) && numbers.keptDiverging == 0)
        // A negative floor counts as none.
        #expect(isClose(numbers.edgePart, 0.5) && isClose(numbers.valuePart, 0.2))
    }
}
