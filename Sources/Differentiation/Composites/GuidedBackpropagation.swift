import Graphs

extension Composite {
    /// Guided backpropagation: every rectifier passes `g [x > 0] [g > 0]`, everything else its derivative.
    ///
    /// It sees every Relu node once, also those that a decomposition made; hooks on modules miss functional and reused ones.
    /// - Parameter relu6: Whether Clip from 0 up (ReLU6) is a rectifier too: `g [0 < x < 6] [g > 0]`.
    ///
    /// Springenberg, Dosovitskiy, Brox, Riedmiller: Striving for Simplicity, ICLR 2015 (workshop).
    package static func guidedBackpropagation(relu6: Bool = false) -> Composite {
        Composite([
            Exception(PositiveCotangentRule(isMasked: true)) { $0.isRectifier(in: $1, clips: relu6) },
            Exception(ExpandedGateRule(isMasked: true)) { node, _ in node.hasInnerRectifier },
        ])
    }

    /// The deconvolutional network's backward pass: every rectifier passes `max(g, 0)` whatever its operand was, everything
    /// else its derivative; max pooling goes back through the switches of the forward pass.
    ///
    /// - Parameter relu6: Whether Clip from 0 up (ReLU6) is a rectifier too.
    ///
    /// Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, ECCV 2014.
    package static func deconvolution(relu6: Bool = false) -> Composite {
        Composite([
            Exception(PositiveCotangentRule(isMasked: false)) { $0.isRectifier(in: $1, clips: relu6) },
            Exception(ExpandedGateRule(isMasked: false)) { node, _ in node.hasInnerRectifier },
        ])
    }
}

extension BackwardRules {
    /// Guided backpropagation as a way back.
    package static func guidedBackpropagation(relu6: Bool) -> BackwardRules {
        BackwardRules(name: "guided-backpropagation(relu6=\(relu6))") { _, _ in .guidedBackpropagation(relu6: relu6) }
    }

    /// The deconvolutional network's way back.
    package static func deconvolution(relu6: Bool) -> BackwardRules {
        BackwardRules(name: "deconvolution(relu6=\(relu6))") { _, _ in .deconvolution(relu6: relu6) }
    }
}

/// Only what raises the score passes a rectifier: `max(g, 0)`, masked by the derivative or not.
private struct PositiveCotangentRule: BackwardRule {
    let isMasked: Bool

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let positive = step.emit("Relu", [seed])
        guard isMasked, let derivative = RuleCatalogue.rules[step.node.operation] else {
            return step.first(Cotangent(positive, try step.shape(ofOperand: 0)))
        }
        step.resultCotangents[0] = positive
        return try derivative.cotangents(&step)
    }
}

/// The same at the rectifiers inside of recurrent cells.
private struct ExpandedGateRule: BackwardRule {
    let isMasked: Bool

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let expansion = step.node.expansion else { return step.none }
        let gate = Composite([
            // A cell's bounds on its pre-activations are no rectifier.
            Composite.Exception(PositiveCotangentRule(isMasked: isMasked)) { node, _ in node.isRelu }
        ])
        return try ExpandedRule(expansion) { _, _ in gate }.cotangents(&step)
    }
}

extension BackwardStep {
    /// A cotangent of the first operand and of no other.
    func first(_ cotangent: Cotangent) -> [Cotangent?] { [cotangent] + none.dropFirst() }
}
