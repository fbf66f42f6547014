import Graphs
import Tensors

/// An activation as a graph spells it: one operator, or several that compute the same.
struct ScoreActivation {
    /// `Softmax`, `LogSoftmax` or `Sigmoid`.
    let name: String
    /// What enters it, of the result's shape.
    let operand: ValueID
}

extension Graph {
    /// The activation whose result is a value; nil where the value is none.
    ///
    /// Besides the operators: `exp(x) / Σ exp(x)`, also of `x - max x`; `x - log Σ exp(x)`; the logarithm of a softmax and its inverse;
    /// `1 / (1 + exp(-x))` and `exp(x) / (1 + exp(x))`.
    func activation(endingIn value: ValueID) -> ScoreActivation? {
        guard let node = producingNode(of: value), node.domain.isEmpty, let operand = node.input(0),
            let found = activation(node, operand), shape(of: found.operand)?.count == shape(of: value)?.count
        else { return nil }
        return found
    }

    private func activation(_ node: Node, _ operand: ValueID) -> ScoreActivation? {
        switch node.operation {
        case "Softmax", "LogSoftmax", "Sigmoid": return ScoreActivation(name: node.operation, operand: operand)
        case "HardSigmoid": return ScoreActivation(name: "Sigmoid", operand: operand)
        case "Exp":
            return activation(endingIn: operand).flatMap {
                $0.name == "LogSoftmax" ? ScoreActivation(name: "Softmax", operand: $0.operand) : nil
            }
        case "Log":
            return activation(endingIn: unrescaled(operand)).flatMap {
                $0.name == "Softmax" ? ScoreActivation(name: "LogSoftmax", operand: $0.operand) : nil
            }
        case "Sub": return node.input(1).flatMap { logSoftmax(operand, minus: $0) }
        case "Reciprocal": return onePlusExponential(operand, isNegative: true).map { sigmoid($0) }
        case "Div":
            guard let divisor = node.input(1) else { return nil }
            return softmax(operand, dividedBy: divisor) ?? sigmoid(operand, dividedBy: divisor)
        default: return nil
        }
    }

    private func sigmoid(_ operand: ValueID) -> ScoreActivation { ScoreActivation(name: "Sigmoid", operand: operand) }

    /// `exp(x) / Σ exp(x)`
    private func softmax(_ numerator: ValueID, dividedBy divisor: ValueID) -> ScoreActivation? {
        guard let exponential = operand(of: numerator, "Exp"), isSum(divisor, of: numerator) else { return nil }
        return ScoreActivation(name: "Softmax", operand: withoutMaximum(exponential))
    }

    /// `1 / (1 + exp(-x))` or `exp(x) / (1 + exp(x))`
    private func sigmoid(_ numerator: ValueID, dividedBy divisor: ValueID) -> ScoreActivation? {
        if number(numerator) == 1 { return onePlusExponential(divisor, isNegative: true).map { sigmoid($0) } }
        guard let exponential = operand(of: numerator, "Exp"),
            onePlusExponential(divisor, isNegative: false) == exponential
        else { return nil }
        return sigmoid(exponential)
    }

    /// x of `1 + exp(x)`, or of `1 + exp(-x)`.
    private func onePlusExponential(_ value: ValueID, isNegative: Bool) -> ValueID? {
        guard let node = producingNode(of: value), node.isStandard("Add"), node.inputs.count == 2,
            let first = node.input(0), let second = node.input(1)
        else { return nil }
        let exponential = number(first) == 1 ? second : number(second) == 1 ? first : nil
        guard let inner = exponential.flatMap({ operand(of: $0, "Exp") }) else { return nil }
        guard isNegative else { return inner }
        if let negated = operand(of: inner, "Neg") { return negated }
        guard let product = producingNode(of: inner), product.isStandard("Mul"), let left = product.input(0),
            let right = product.input(1)
        else { return nil }
        return number(left) == -1 ? right : number(right) == -1 ? left : nil
    }

    /// `x - log Σ exp(x)`
    private func logSoftmax(_ value: ValueID, minus other: ValueID) -> ScoreActivation? {
        let isLogSum: Bool =
            if let summed = operand(of: other, "ReduceLogSumExp") {
                summed == value
            } else if let sum = operand(of: other, "Log"), let exponential = operand(of: sum, "ReduceSum") {
                operand(of: exponential, "Exp") == value
            } else { false }
        return isLogSum ? ScoreActivation(name: "LogSoftmax", operand: withoutMaximum(value)) : nil
    }

    /// x of `x - max x`, which a softmax subtracts so that no exponential overflows.
    private func withoutMaximum(_ value: ValueID) -> ValueID {
        guard let node = producingNode(of: value), node.isStandard("Sub"), let operand = node.input(0),
            let other = node.input(1), self.operand(of: other, "ReduceMax") == operand
        else { return value }
        return operand
    }

    /// Whether a value is the sum of another along an axis, perhaps bounded from below or repeated.
    private func isSum(_ value: ValueID, of other: ValueID) -> Bool {
        var current = value
        while let node = producingNode(of: current), node.domain.isEmpty, let operand = node.input(0) {
            if node.operation == "ReduceSum" { return operand == other }
            let isHarmless =
                ["Clip", "Expand", "Identity"].contains(node.operation)
                || (["Add", "Max"].contains(node.operation)
                    && node.input(1).flatMap { number($0) }.map { abs($0) < 1e-3 } == true)
            guard isHarmless else { return false }
            current = operand
        }
        return false
    }

    private func operand(of value: ValueID, _ operation: String) -> ValueID? {
        guard let node = producingNode(of: value), node.isStandard(operation) else { return nil }
        return node.input(0)
    }

    /// The only number of a constant.
    func number(_ value: ValueID) -> Float? {
        guard let constant = self[value].constant, constant.shape.count == 1 else { return nil }
        return constant.floatTensor.elements.first
    }

    // MARK: Probabilities that were touched up

    /// What a probability was before a node that leaves it nearly one, or a multiple of one: clipped, in percent, divided by its
    /// sum, quantised; with the factor. Nil where the node does anything else.
    func touchedUp(_ value: ValueID) -> (operand: ValueID, factor: Float)? {
        guard let node = producingNode(of: value), node.domain.isEmpty, let operand = node.input(0),
            node.output(0) == value
        else { return nil }
        func other() -> (value: ValueID, number: Float)? {
            guard node.inputs.count == 2, let second = node.input(1) else { return nil }
            if let constant = number(second) { return (operand, constant) }
            return number(operand).map { (second, $0) }
        }
        switch node.operation {
        case "Clip", "QuantizeLinear", "DequantizeLinear": return (operand, 1)
        case "Min", "Max": return other().map { ($0.value, 1) }
        case "Mul": return other().flatMap { $0.number > 0 ? ($0.value, $0.number) : nil }
        case "Add": return other().flatMap { abs($0.number) <= 1e-3 ? ($0.value, 1) : nil }
        case "Sub":
            return node.input(1).flatMap { number($0) }.flatMap { abs($0) <= 1e-3 ? (operand, 1) : nil }
        case "Div":
            guard let divisor = node.input(1) else { return nil }
            if let constant = number(divisor) { return constant > 0 ? (operand, 1 / constant) : nil }
            return isSum(divisor, of: operand) ? (operand, 1) : nil
        default: return nil
        }
    }

    private func unrescaled(_ value: ValueID) -> ValueID {
        var current = value
        while let before = touchedUp(current), before.factor == 1 { current = before.operand }
        return current
    }
}

extension Node {
    /// Whether it is this operator of ONNX's own set.
    func isStandard(_ operation: String) -> Bool { domain.isEmpty && self.operation == operation }
}
