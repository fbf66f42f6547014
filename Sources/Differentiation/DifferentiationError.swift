/// Why a graph cannot be differentiated.
public enum DifferentiationError: Error, Sendable, Hashable {
    /// An operator between the target and the values of interest has no backward rule.
    case noRule(operation: String, node: String)
    /// A rule needs a shape that is not known.
    case unknownShape(value: String, node: String)
    /// A rule needs an operand to be a constant.
    case operandNotConstant(operand: String, node: String)
    /// A form of an operator that its rule does not cover.
    case unsupported(node: String, reason: String)
}

extension DifferentiationError: CustomStringConvertible {
    /// One sentence: what, where, what to do.
    public var description: String {
        switch self {
        case .noRule(let operation, let node) where operation.hasPrefix("com.microsoft"):
            "There is no backward rule for ONNX Runtime's own operator \(operation) (node \(node)); export the model without graph optimisation or quantisation, which writes it as operators of ONNX."
        case .noRule(let operation, let node):
            "There is no backward rule for the operator \(operation) (node \(node)); explain a layer behind it, or use a method that needs no gradient ('gaze inspect MODEL' shows which operators block)."
        case .unknownShape(let value, let node):
            "The shape of '\(value)' is not known, and the derivative of node \(node) needs it; fix the input size at export."
        case .operandNotConstant(let operand, let node):
            "The derivative of node \(node) needs '\(operand)' to be a constant; export the model with constant parameters."
        case .unsupported(let node, let reason):
            "The derivative of node \(node) is not available: \(reason). Explain a layer behind it, or use a method that needs no gradient."
        }
    }
}
