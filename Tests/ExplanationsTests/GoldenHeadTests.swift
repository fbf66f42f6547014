import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// A tiny model of every kind of head against PyTorch in float64 (`Scripts/golden/heads.py`).
@Suite struct GoldenHeadTests {
    struct Index: Decodable {
        let tolerance: Double
        let step: Int
        let cases: [Case]
    }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let kind: String
        let number: UInt64
        let height: Int
        let width: Int
        let score: Double
        let gradient: [Double]
        let index: Int
        let places: Int?
        let candidate: Int?
        let probability: Double?
        let box: [Double]?
        var testDescription: String { name }

        /// The script's picture: multiples of 1/8 from a mixed counter.
        var picture: Tensor<Float> {
            get throws {
                let elements = (0..<UInt64(3 * height * width)).map { position -> Float in
                    var mixed = (position * 2_654_435_761 + number * 40503) % (1 << 32)
                    mixed = (mixed ^ (mixed >> 15)) * 2_246_822_519 % (1 << 32)
                    return Float(mixed >> 28) / 4 - 1.875
                }
                return try Tensor(shape: [1, 3, height, width], elements: elements)
            }
        }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/heads")
    static let index = Result { try Golden.decode(Index.self, "heads/heads.json") }
    static var cases: [Case] { (try? index.get().cases) ?? [] }

    private func read(_ golden: Case) throws -> (Attributor, AnyTensor, any Head, OutputValues) {
        let model = try Model(
            contentsOf: Self.folder.appending(path: "\(golden.name).onnx").path, engine: ONNXRuntimeEngine())
        let attributor = Attributor(model)
        let input = AnyTensor(try golden.picture)
        let (head, outputs) = try #require(try attributor.reading(of: ["image": input], input: "image"))
        return (attributor, input, head, outputs)
    }

    @Test func theFileIsComplete() throws {
        #expect(try Self.index.get().cases.count == 34)
    }

    @Test(arguments: cases)
    func theLikeliestFindingIsPyTorchs(_ golden: Case) throws {
        let (_, _, head, outputs) = try read(golden)
        #expect(head.description.kind.rawValue == golden.kind, "\(head.description.reason)")
        let first = try #require(try head.findings(in: outputs).first)
        #expect(first.index == golden.index)
        #expect(first.places == golden.places)
        #expect(first.candidate == golden.candidate)
        if let probability = golden.probability {
            #expect(abs(try #require(first.probability) - probability) < 1e-5)
        }
        if let box = golden.box {
            let found = try #require(first.box)
            for (side, expected) in zip([found.left, found.top, found.right, found.bottom], box) {
                #expect(abs(side - expected) < 1e-3)
            }
            #expect(try head.finding(FindingChoice(box: found), in: outputs).candidate == golden.candidate)
        }
    }

    @Test(arguments: cases)
    func theScoreAndItsGradientArePyTorchs(_ golden: Case) throws {
        let tolerance = try Self.index.get().tolerance
        let step = try Self.index.get().step
        let (attributor, input, head, outputs) = try read(golden)
        let first = try #require(try head.findings(in: outputs).first)
        let score = try head.score(of: first, ScoreRequest(), in: outputs)
        let results = try attributor.attribute(
            inputs: ["image": input], target: score.target,
            methods: [MethodSpecification("score"), MethodSpecification("gradient")], wrt: "image",
            readMask: { score.tensors[$0] ?? Tensor(0) })
        #expect(abs(Double(results[0].values.elements[0]) - golden.score) <= tolerance * max(abs(golden.score), 1))
        let largest = golden.gradient.map { abs($0) }.max() ?? 0
        let found = stride(from: 0, to: results[1].values.elements.count, by: step).map {
            Double(results[1].values.elements[$0])
        }
        #expect(found.count == golden.gradient.count)
        for (a, b) in zip(found, golden.gradient) { #expect(abs(a - b) <= 10 * tolerance * largest) }
        // No activation stands between the score and what is explained.
        #expect(results[0].notes.isEmpty, "\(results[0].notes)")
    }

    @Test func embeddingsAreComparedByTheirCosine() throws {
        let golden = try #require(Self.cases.first { $0.name == "embedding_normalised" })
        let (attributor, input, head, outputs) = try read(golden)
        let unit = try outputs.value("y")
        let length = unit.elements.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(abs(length - 1) < 1e-5)
        // Any multiple of the vector itself has cosine 1, the opposite one -1.
        for (factor, cosine) in [(Float(3), 1.0), (-0.5, -1)] {
            let request = ScoreRequest(reference: unit.map { $0 * factor })
            let score = try head.score(of: try head.findings(in: outputs)[0], request, in: outputs)
            let result = try attributor.attribute(
                inputs: ["image": input], target: score.target, methods: [MethodSpecification("score")],
                readMask: { score.tensors[$0] ?? Tensor(0) })
            #expect(abs(Double(result[0].values.elements[0]) - cosine) < 1e-5)
        }
    }

    @Test func contrastsSubtract() throws {
        for name in ["classes_softmax", "segmentation", "detector_objectness", "binary"] {
            let golden = try #require(Self.cases.first { $0.name == name })
            let (attributor, input, head, outputs) = try read(golden)
            let first = try head.findings(in: outputs)[0]
            let other = first.index == 0 ? 1 : 0
            func value(_ request: ScoreRequest, _ finding: Finding) throws -> Double {
                let score = try head.score(of: finding, request, in: outputs)
                let result = try attributor.attribute(
                    inputs: ["image": input], target: score.target, methods: [MethodSpecification("score")],
                    readMask: { score.tensors[$0] ?? Tensor(0) })
                return Double(result[0].values.elements[0])
            }
            let difference = try value(ScoreRequest(contrast: other), first)
            let mask = try (head as? SegmentationHead)?.map.wins(of: first.index, in: outputs)?.map
            var opposite = first
            opposite.index = other
            let expected = try value(ScoreRequest(mask: mask), first) - value(ScoreRequest(mask: mask), opposite)
            #expect(abs(difference - expected) < 1e-4, "\(name)")
        }
    }

    @Test func boxesChooseTheBestCandidate() throws {
        let golden = try #require(Self.cases.first { $0.name == "detector_channels_first" })
        let (_, _, head, outputs) = try read(golden)
        let first = try head.findings(in: outputs)[0]
        let box = try #require(first.box)
        // Candidate boxes are squares of 8 or 16 pixels, moved by a few hundredths.
        #expect(abs(box.right - box.left - 8) < 1 || abs(box.right - box.left - 16) < 1)
        let found = try head.finding(FindingChoice(box: box), in: outputs)
        #expect(found.candidate == first.candidate)
        let other = try head.finding(FindingChoice(index: 2, candidate: 5), in: outputs)
        #expect(other.candidate == 5 && other.index == 2)
        #expect(throws: ExplanationError.self) { try head.finding(FindingChoice(candidate: 120), in: outputs) }
        let outside = InputBox(left: 900, top: 900, right: 950, bottom: 950)
        #expect(throws: ExplanationError.self) { try head.finding(FindingChoice(box: outside), in: outputs) }
    }

    @Test func probabilitiesOfConcatenatedScalesAreWarnedOfAndLogitsFound() throws {
        let golden = try #require(Self.cases.first { $0.name == "detector_boxes_and_scores" })
        let (attributor, input, _, outputs) = try read(golden)
        func run(_ text: String) throws -> Attribution {
            try attributor.attribute(
                inputs: ["image": input], target: try Target(parsing: text), targetText: text,
                methods: [MethodSpecification("score")])[0]
        }
        let candidate = try #require(golden.candidate)
        let plain = try run("scores[\(candidate),\(golden.index)]")
        #expect(plain.notes.count == 1 && plain.notes[0].contains("softmax probability"))
        #expect(abs(Double(plain.values.elements[0]) - (try #require(golden.probability))) < 1e-5)
        #expect(
            abs(Double(try run("logit(scores[\(candidate),\(golden.index)])").values.elements[0]) - golden.score) < 1e-4
        )
        let mean = try run("mean(scores[:,1])").values.elements[0]
        let scores = try outputs.value("scores").elements
        let column = stride(from: 1, to: scores.count, by: 3).map { scores[$0] }
        #expect(abs(mean - column.reduce(0, +) / Float(column.count)) < 1e-6)
    }
}

@Suite struct SuppressionTests {
    @Test func overlapIsIntersectionOverUnion() {
        let a = InputBox(left: 0, top: 0, right: 4, bottom: 2)
        #expect(a.overlap(with: InputBox(left: 2, top: 0, right: 6, bottom: 2)) == 4.0 / 12)
        #expect(a.overlap(with: a) == 1)
        #expect(a.overlap(with: InputBox(left: 4, top: 0, right: 6, bottom: 2)) == 0)
    }

    @Test func formatsAreToldByTheNumbers() {
        let corners: [[Float]] = [[0.1, 0.1, 0.4, 0.5], [0.2, 0.3, 0.9, 0.8]]
        let relative = BoxFormat(of: corners)
        #expect(relative == BoxFormat(isCorners: true, isRelative: true))
        #expect(
            relative?.box(corners[0], width: 100, height: 10).right == Double(corners[0][2]) * 100)
        let centres: [[Float]] = [[300, 200, 20, 30], [40, 50, 8, 8]]
        #expect(BoxFormat(of: centres) == BoxFormat(isCorners: false, isRelative: false))
        let box = BoxFormat(isCorners: false, isRelative: false).box([300, 200, 20, 30], width: 640, height: 640)
        #expect(box == InputBox(left: 290, top: 185, right: 310, bottom: 215))
        #expect(BoxFormat(of: [[0.5, -1, -0.2, 0.3], [0.1, 0.2, -0.3, -0.4]]) == nil)
    }
}
