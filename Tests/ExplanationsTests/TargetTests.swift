import Explanations
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

import struct Foundation.Data

@Suite struct TargetParserTests {
    private static let first = Target.Source.number(0)

    private static let forms: [(String, Target)] = [
        ("3", .classIndex(3)), (" 3 ", .classIndex(3)),
        ("[1,7, 4]", .elements(first, .perSample([1, 7, 4]))),
        ("logits[3]", .elements(.name("logits"), .element([3]))), ("#1[3]", .elements(.number(1), .element([3]))),
        ("#1[2,0,5]", .elements(.number(1), .element([2, 0, 5]))), ("value", .elements(.name("value"), .whole)),
        ("/head/Gemm_output_0[2]", .elements(.name("/head/Gemm_output_0"), .element([2]))),
        ("1x1[2]", .elements(.name("1x1"), .element([2]))),
        ("mean(#1[2])", .mean(.elements(.number(1), .element([2])), mask: nil)),
        ("mean(out[2], a b/mask.npy )", .mean(.elements(.name("out"), .element([2])), mask: "a b/mask.npy")),
        ("sum(out)", .sum(.elements(.name("out"), .whole))),
        ("prob(3)", .probability(.classIndex(3))), ("logit(3)", .logit(.classIndex(3))),
        ("mean", .elements(.name("mean"), .whole)),
        ("3 - 5", .combination([Target.Term(1, .classIndex(3)), Target.Term(-1, .classIndex(5))])),
        ("3-5", .combination([Target.Term(1, .classIndex(3)), Target.Term(-1, .classIndex(5))])),
        ("-2", .combination([Target.Term(-1, .classIndex(2))])),
        (
            "0.5 * 3 + 2*out[1]",
            .combination([Target.Term(0.5, .classIndex(3)), Target.Term(2, .elements(.name("out"), .element([1])))])
        ),
        ("a-b", .elements(.name("a-b"), .whole)), ("(3)", .classIndex(3)),
        ("mean(scores[:, 1])", .mean(.elements(.name("scores"), .element([nil, 1])), mask: nil)),
        ("energy(f)", .energy(.elements(.name("f"), .whole))),
        ("cosine(f, a b.npy)", .cosine(.elements(.name("f"), .whole), file: "a b.npy")),
        ("91[3]", .elements(.name("91"), .element([3]))), ("91", .classIndex(91)),
        ("'91'", .elements(.name("91"), .whole)),
        ("mean(91[1])", .mean(.elements(.name("91"), .element([1])), mask: nil)),
        ("\"a [b]\"[3]", .elements(.name("a [b]"), .element([3]))),
        ("'it\\'s'[:, 1]", .elements(.name("it's"), .element([nil, 1]))),
        (
            "2 * 'x - y' - \"-z\"",
            .combination([
                Target.Term(2, .elements(.name("x - y"), .whole)), Target.Term(-1, .elements(.name("-z"), .whole)),
            ])
        ),
        ("error(f)", .error(.elements(.name("f"), .whole), reference: nil, isAbsolute: false)),
        (
            "absolute-error(f, r.npy)",
            .error(.elements(.name("f"), .whole), reference: "r.npy", isAbsolute: true)
        ),
    ]

    @Test(arguments: forms.indices)
    func everyFormIsRead(_ index: Int) throws {
        let (text, target) = Self.forms[index]
        #expect(try Target(parsing: text) == target, "\(text)")
    }

    @Test(arguments: [
        ("", 0), ("3 5", 2), ("[1,", 3), ("[a]", 1), ("out[", 4), ("out[1", 5), ("#", 1), ("mean(3", 6),
        ("mean(3,)", 7),
        ("3 +", 3), ("2 * ", 4), ("!", 0), ("[1,:]", 5), ("cosine(f)", 9), ("f[:1]", 3), ("'a", 0), ("''", 0),
        ("3[a]", 2),
    ])
    func errorsTellThePosition(_ text: String, _ position: Int) throws {
        let error = #expect(throws: ExplanationError.self) { try Target(parsing: text) }
        guard case .targetSyntax(_, let found, _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found == position, "\(text)")
    }

    @Test func everyNameCanBeTyped() throws {
        var random = SeededGenerator(seed: 8)
        let signs = Array("ab1Z_./:@$-[](){}'\"\\ #,+*é日\n")
        let fixed = ["91", "1x1", "a-b", "3-5", "-", "mean", "/a/b:0", "it's", "\"", "\\", "'\"", "1e5", " ", "#0"]
        let drawn = (0..<10_000).map { _ in
            String((0..<Int.random(in: 1...6, using: &random)).map { _ in signs.randomElement(using: &random) ?? "a" })
        }
        for name in fixed + drawn {
            let text = TargetText.name(name)
            #expect(try Target(parsing: "\(text)[0]") == .elements(.name(name), .element([0])), "\(name)")
            #expect(
                try Target(parsing: "mean(\(text)) - \(text)")
                    == .combination([
                        Target.Term(1, .mean(.elements(.name(name), .whole), mask: nil)),
                        Target.Term(-1, .elements(.name(name), .whole)),
                    ]), "\(name)")
        }
    }

    @Test func damagedTargetsNeverCrash() throws {
        var random = SeededGenerator(seed: 9)
        for _ in 0..<10_000 {
            let damaged = Data("mean(\"a [b]\"[3,:], m.npy) - 2 * 'it\\'s' + 91[3]".utf8).mutated(using: &random)
            _ = try? Target(parsing: String(decoding: damaged, as: UTF8.self))
        }
    }

    @Test func nestingIsBounded() {
        let deep = String(repeating: "(", count: 10_000) + "3"
        #expect(throws: ExplanationError.self) { try Target(parsing: deep) }
    }
}

@Suite struct TargetResolverTests {
    /// `logits [B, 3]`, `map [B, 2, 2, 2]` and `single [B, 1]`, all of the input.
    private func resolve(
        _ text: String, batch: Int, mask: Tensor<Float>? = nil, softmax: Bool = false
    ) throws -> (weights: [String: [Float]], notes: [String]) {
        var graph = try Toys.classifier(batch: batch, softmax: softmax)
        let map = try #require(graph.value(named: "map"))
        let flat = try #require(graph.value(named: "flat"))
        let one = graph.addConstant(try Toys.floats([1, 1], [2, 1]))
        let single = graph.append("MatMul", [flat, one], name: "single")[0]
        graph.outputs += [Graph.Output(name: "map", value: map), Graph.Output(name: "single", value: single)]
        graph = try graph.specialised(to: [:], by: EngineEvaluator(try ONNXRuntimeEngine()))
        var resolver = TargetResolver(graph: graph, batch: batch) { _ in mask ?? Tensor(0) }
        let resolved = try resolver.resolve(try Target(parsing: text), text: text)
        return (
            Dictionary(
                uniqueKeysWithValues: resolved.parts.map { (resolver.graph[$0.value].name, $0.weights.elements) }),
            resolved.notes
        )
    }

    @Test func weightsFollowTheGrammar() throws {
        #expect(try resolve("1", batch: 2).weights == ["logits": [0, 1, 0, 0, 1, 0]])
        #expect(try resolve("[2,0]", batch: 2).weights == ["logits": [0, 0, 1, 1, 0, 0]])
        #expect(try resolve("#1[1,0,1]", batch: 1).weights == ["map": [0, 0, 0, 0, 0, 1, 0, 0]])
        #expect(try resolve("mean(map[1])", batch: 1).weights == ["map": [0, 0, 0, 0, 0.25, 0.25, 0.25, 0.25]])
        #expect(try resolve("mean(mean(map[1]))", batch: 1).weights == ["map": [0, 0, 0, 0, 0.25, 0.25, 0.25, 0.25]])
        #expect(try resolve("sum(map[:,1,0])", batch: 1).weights == ["map": [0, 0, 1, 0, 0, 0, 1, 0]])
        #expect(try resolve("sum(map[0,1])", batch: 1).weights == ["map": [0, 0, 1, 1, 0, 0, 0, 0]])
        #expect(try resolve("single", batch: 2).weights == ["single": [1, 1]])
        #expect(try resolve("2 * 0 - (1 - 0)", batch: 1).weights == ["logits": [3, -1, 0]])
        #expect(
            try resolve("0 + 0.5 * single", batch: 1).weights == ["logits": [1, 0, 0], "single": [0.5]])
    }

    @Test func masksSelectWhereTheyAreOne() throws {
        let shared = try Tensor<Float>(shape: [2, 2], elements: [1, 0, 0.5, 1])
        #expect(
            try resolve("mean(map[0], m.npy)", batch: 2, mask: shared).weights
                == ["map": [0.5, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0, 0, 0.5, 0, 0, 0, 0]])
        let each = try Tensor<Float>(shape: [2, 2, 2], elements: [1, 0, 0, 0, 0, 0, 0, 1])
        #expect(
            try resolve("mean(map[1], m.npy)", batch: 2, mask: each).weights
                == ["map": [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]])
        for wrong in [Tensor<Float>(repeating: 0, shape: [2, 2]), Tensor(repeating: 1, shape: [3])] {
            #expect(throws: ExplanationError.self) { try resolve("mean(map[0], m.npy)", batch: 2, mask: wrong) }
        }
    }

    @Test func probabilitiesAndLogitsAreFoundOrMade() throws {
        #expect(try resolve("prob(1)", batch: 1).weights == ["probability.logits": [0, 1, 0]])
        #expect(try resolve("prob(1) - prob(2)", batch: 1).weights == ["probability.logits": [0, 1, -1]])
        #expect(try resolve("logit(1)", batch: 1).weights == ["logits": [0, 1, 0]])
        let probable = try resolve("1", batch: 1, softmax: true)
        #expect(probable.weights == ["probabilities": [0, 1, 0]])
        #expect(probable.notes.count == 1)
        #expect(try resolve("prob(1)", batch: 1, softmax: true).weights == ["probabilities": [0, 1, 0]])
        #expect(try resolve("prob(1)", batch: 1, softmax: true).notes.isEmpty)
        #expect(try resolve("logit(1)", batch: 1, softmax: true).weights == ["logits": [0, 1, 0]])
    }

    @Test func lengthsAndDirectionsAreAppended() throws {
        #expect(try resolve("energy(logits)", batch: 2).weights == ["energy.logits": [1, 1]])
        let other = try Tensor<Float>(shape: [3], elements: [0, 3, 4])
        #expect(
            try resolve("cosine(logits, m.npy)", batch: 2, mask: other).weights
                == ["direction.logits": [0, 0.6, 0.8, 0, 0.6, 0.8]])
        #expect(try resolve("prob(single)", batch: 2).weights == ["probability.single": [1, 1]])
    }

    @Test func tensorsInsideOfTheModelAreTargets() throws {
        #expect(try resolve("pooled[1]", batch: 2).weights == ["pooled": [0, 1, 0, 1]])
        #expect(try resolve("mean('pooled')", batch: 1).weights == ["pooled": [0.5, 0.5]])
    }

    @Test(arguments: [
        "3", "gone[1]", "#3", "map[0]", "[1]", "1 + map", "#0[0,0]", "mean(0 - 1)", "map[:,1]", "map[:,2,0]",
        "energy(map[0])", "cosine(logits, m.npy)", "mean(energy(logits), m.npy)",
    ])
    func whatDoesNotFitIsRefused(_ text: String) {
        #expect(throws: ExplanationError.self) { try resolve(text, batch: 2) }
    }
}

@Suite struct MethodSpecificationTests {
    @Test func labelsAndParametersAreRead() throws {
        let plain = try MethodSpecification(parsing: "gradcam")
        #expect(plain == MethodSpecification("gradcam"))
        let full = try MethodSpecification(parsing: "smooth.a@0=smoothgrad:noise=a=b.npy,samples=3")
        #expect(full.label == "smooth.a@0")
        #expect(full.name == "smoothgrad")
        #expect(full.parameters == ["noise": "a=b.npy", "samples": "3"])
    }

    @Test(arguments: ["", "=gradcam", "a/b=gradcam", "..=gradcam", "é=gradcam", "rise:samples"])
    func whatIsNoSpecificationIsRefused(_ text: String) {
        #expect(throws: ExplanationError.self) { try MethodSpecification(parsing: text) }
    }

    @Test func unknownMethodsAndParametersAreNamed() {
        #expect(throws: ExplanationError.unknownMethod(name: "gradcan", suggestions: ["gradcam", "xgradcam"])) {
            try MethodCatalogue.description(named: "gradcan")
        }
        #expect(throws: ExplanationError.self) {
            try MethodCatalogue.method(MethodSpecification(parsing: "gradcam:eps=3"))
        }
        #expect(MethodCatalogue.descriptions.map(\.name) == MethodCatalogue.descriptions.map(\.name).sorted())
    }
}
