import Differentiation
package import Graphs
package import Tensors

/// Excitation backpropagation and its contrastive form, c-MWP (Zhang et al. 2016).
package struct ExcitationBackprop: GraphMethod {
    /// Where the map is taken.
    package enum Level: String, CaseIterable, Sendable {
        case layer, input
    }

    package static let description = MethodDescription(
        name: "excitation-backprop", family: .modifiedBackward,
        summary:
            "Where a winner-take-all walk from the score downwards ends: the chance that a cell excited the score.",
        formula: """
            P(a_i) = Σ_j a_i⁺ W_ij⁺ / Σ_i a_i⁺ W_ij⁺ P(a_j), from P = the target's weights;   contrastive: the same, less \
            what the target's negated weights give in the last layer
            """,
        paper:
            "Zhang, Lin, Brandt, Shen, Sclaroff: Top-down Neural Attention by Excitation Backprop, ECCV 2016 (arXiv 1608.00507)",
        result: "[B, H, W] of the layer, summed over channels; the input's shape with at=input", place: .layer,
        cost: "1 forward pass, 2 backward passes down to the layer",
        fits: "networks with non-negative activations (ReLU). Target a logit: its weight is where the walk starts",
        remarks:
            "A distribution: without contrast the map sums to 1, unless everything that reads a cell is inhibited. Without contrast it hardly tells classes apart, as every rule of positive weights (Sixt et al. 2020); the contrastive map sums to 0, and its positive part is what speaks for this class and not for others. At the input only positive numbers can excite, so a normalised picture shows its bright parts: layers in between, pool3 to the last map, are what the paper shows.",
        parameters: [contrastive.description, level.description], display: .positive)

    private static let contrastive = MethodParameter.flag(
        "contrastive", false, "subtract what the negated weights of the last layer excite")
    private static let level = MethodParameter.choice("at", Level.layer, "where the map is taken")

    private let isContrastive: Bool
    private let level: Level

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        isContrastive = try parameters.value(Self.contrastive)
        level = try parameters.value(Self.level)
    }

    package func layer(in question: Question) throws -> LayerChoice? {
        level == .layer ? try question.layer() : nil
    }

    package func gradients(in question: Question) throws -> [GradientRequest] {
        [.of(try place(in: question), by: rules(for: question))]
    }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        let rules = rules(for: question.question)
        guard level == .layer else { return try question.gradient(of: question.question.input, by: rules) }
        let (layer, layout) = try question.question.spatialLayer(for: "excitation-backprop")
        let map = try question.gradientMap(of: layer.value, layout, by: rules)
        return question.emit("ReduceSum", [map, question.integers([1])], ["keepdims": .integer(0)])
    }

    package func checks(of result: Tensor<Float>, score: Double) -> [SelfCheck] {
        let sum = result.elements.reduce(0) { $0 + Double($1) }
        guard sum.isFinite else { return [] }
        let meaning =
            isContrastive
            ? "the map's sum; 0 where the target and its dual both arrive entirely"
            : "the map's sum; 1 for one class where everything arrives, less where inhibited cells end the walk"
        return [SelfCheck("arriving excitation", sum, meaning)]
    }

    private func place(in question: Question) throws -> ValueID {
        level == .input ? question.input : try question.spatialLayer(for: "excitation-backprop").layer.value
    }

    private func rules(for question: Question) -> BackwardRules {
        let composite = RelevanceComposite.excitation(isContrastive: isContrastive)
        let scored = question.scored
        // What stands in front of the layer is no matter of the walk.
        let place = (try? place(in: question)) ?? question.input
        return BackwardRules(name: "excitation \(isContrastive) \(place.index)") { graph, _ in
            composite.composite(for: graph, explaining: place, scored: scored)
        }
    }
}
