import Graphs
package import Tensors

extension Composite {
    /// FGVis' defence against adversarial masks: a cotangent passes an activation only where its value lies between 0 and what
    /// it is at the reference, the original picture, so that no unit gets more active than the picture makes it:
    /// `dIn = f'(x) dOut [min(0, h̄) ≤ h ≤ max(0, h̄)]`.
    ///
    /// Gates Relu, Clip from 0 up and the other activation functions that have an operator of their own. The hull is widened by
    /// 1e-5 of its length, because two evaluations of one network may round differently.
    ///
    /// Wagner, Köhler, Gindele, Hetzel, Wiedemer, Behnke: Interpretable and Fine-Grained Visual Explanations for Convolutional
    /// Neural Networks, CVPR 2019.
    package static func activationHull(of reference: ReferenceActivations) -> Composite {
        Composite([
            Exception(ExpandedHullRule(reference: reference)) { node, _ in node.hasInnerActivations },
            Exception(ActivationHullRule(reference: reference)) { node, graph in
                node.isRectifier(in: graph, clips: true)
                    || node.domain.isEmpty && ActivationHullRule.operations.contains(node.operation)
            },
        ])
    }
}

extension BackwardRules {
    /// FGVis' gate with the original picture as a constant: the engine evaluates its activations once, when it loads the program.
    ///
    /// - Parameters:
    ///   - name: Tells this picture from others that one program may know.
    ///   - picture: The original input, of the explained value's type and shape.
    package static func activationHull(of picture: AnyTensor, named name: String) -> BackwardRules {
        BackwardRules(name: "activation-hull(\(name))") { _, _ in
            picture
        } composite: {
            .activationHull(of: $0)
        }
    }
}

/// The hull of the activations inside of recurrent cells.
private struct ExpandedHullRule: BackwardRule {
    let reference: ReferenceActivations

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let expansion = step.node.expansion else { return step.none }
        let rule = ExpandedRule(expansion, comparingWith: reference) { .activationHull(of: $0) }
        return try rule.cotangents(&step)
    }
}

private struct ActivationHullRule: BackwardRule {
    let reference: ReferenceActivations

    static let operations: Set<String> = [
        "Celu", "Elu", "Gelu", "HardSwish", "LeakyRelu", "Mish", "PRelu", "Selu", "ThresholdedRelu",
    ]

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let derivative = RuleCatalogue.rules[step.node.operation] else { return step.none }
        let value = try step.result()
        if let seed = step.resultCotangents[0], reference.varies(value) {
            step.resultCotangents[0] = gated(&step, seed, value, by: reference[value])
        }
        return try derivative.cotangents(&step)
    }

    private func gated(_ step: inout BackwardStep, _ seed: ValueID, _ value: ValueID, by bound: ValueID) -> ValueID {
        let widened = step.scale(bound, by: 1 + 1e-5)
        let upper = step.emit("Max", [widened, step.scalar(0)])
        let lower = step.emit("Min", [widened, step.scalar(0)])
        let isInside = step.emit(
            "And", [step.emit("LessOrEqual", [value, upper]), step.emit("GreaterOrEqual", [value, lower])])
        return step.emit("Where", [isInside, seed, step.scalar(0)])
    }
}
