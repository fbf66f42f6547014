package import Graphs
package import Tensors

/// How the cotangents of a node's results become cotangents of its operands: the transposed Jacobian, or what a method
/// puts in its place (guided backpropagation, LRP).
package protocol BackwardRule: Sendable {
    /// How faithful the rule is to the derivative; `gaze inspect` shows it.
    var character: RuleCharacter { get }

    /// Appends the nodes to `step` and returns one cotangent per operand; nil where none flows or none is wanted.
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?]
}

extension BackwardRule {
    package var character: RuleCharacter { .trueDerivative }
}

/// What a rule gives back.
package enum RuleCharacter: String, Sendable {
    case trueDerivative = "true derivative"
    case straightThrough = "straight-through"
    case stopsGradient = "stops gradient"
    case modified = "modified"
}

/// A derivative with respect to one operand: a value of the derived graph with its shape.
///
/// The shape is the operand's, or one that the operand broadcasts to; the walker sums the difference away.
package struct Cotangent: Sendable {
    package let value: ValueID
    package let shape: Shape

    package init(_ value: ValueID, _ shape: Shape) {
        self.value = value
        self.shape = shape
    }
}
