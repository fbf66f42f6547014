package import Graphs
import ONNXMessages
import Tensors

/// How many numbers of a model training set: floating-point constants and the integers that stand for such, without the scales and
/// zero points that say how.
extension Graph {
    /// The number of weights among all constants.
    package var parameterCount: Int {
        let known = QuantisedConstants(
            nodes.map { node in
                QuantisedConstants.Step(
                    operation: node.operation, inputs: node.inputs.map { input in input.map { self[$0].name } ?? "" },
                    outputs: node.results.map { self[$0].name })
            })
        return values.reduce(0) { sum, value in
            guard let constant = value.constant else { return sum }
            return sum + (known.isWeight(value.name, type: constant.elementType) ? constant.shape.count : 0)
        }
    }
}

extension ModelProto {
    /// The number of weights among the initializers; one that overflows counts as none.
    var parameterCount: Int {
        let known = QuantisedConstants(
            graph.node.map { QuantisedConstants.Step(operation: $0.opType, inputs: $0.input, outputs: $0.output) })
        return graph.initializer.reduce(0) { sum, tensor in
            guard known.isWeight(tensor.name, type: ElementType(rawValue: tensor.dataType)) else { return sum }
            let count = tensor.dims.reduce(Optional(1)) { product, length -> Int? in
                guard let product, length >= 0 else { return nil }
                let (result, overflows) = product.multipliedReportingOverflow(by: Int(length))
                return overflows ? nil : result
            }
            return sum.addingReportingOverflow(count ?? 0).partialValue
        }
    }
}

/// Which constants stand for numbers, and which only say how: scales, zero points, and what these are computed from.
private struct QuantisedConstants {
    /// A node by its names.
    struct Step {
        let operation: String
        let inputs: [String]
        let outputs: [String]
    }

    /// Integers that stand for numbers.
    private var weights: Set<String> = []
    /// Scales and zero points.
    private var parameters: Set<String> = []
    /// What something else reads.
    private var others: Set<String> = []

    /// The inputs of quantised operators that are no scales and no zero points.
    private static let numbers: [String: [Int]] = [
        "DequantizeLinear": [0], "QuantizeLinear": [0], "QLinearConv": [0, 3, 8], "QLinearMatMul": [0, 3],
        "QGemm": [0, 3, 6], "QLinearAdd": [0, 3], "QLinearMul": [0, 3], "ConvInteger": [0, 1],
        "MatMulInteger": [0, 1], "QLinearSigmoid": [0], "QLinearLeakyRelu": [0], "QLinearGlobalAveragePool": [0],
        "QLinearAveragePool": [0], "QLinearSoftmax": [0],
    ]

    private static let movements: Set<String> = [
        "Identity", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Gather", "Slice",
    ]

    /// - Parameter steps: Each behind those that it depends on.
    init(_ steps: [Step]) {
        // Products with a scale stand behind the quantiser that it belongs to.
        for step in steps {
            if let numbers = Self.numbers[step.operation] {
                parameters.formUnion(step.inputs.indices.filter { !numbers.contains($0) }.map { step.inputs[$0] })
            } else if step.operation == "DynamicQuantizeLinear" {
                parameters.formUnion(step.outputs.dropFirst())
            }
        }
        parameters.remove("")
        for step in steps.reversed() { read(step) }
    }

    private mutating func read(_ step: Step) {
        let results = step.outputs.filter { !$0.isEmpty }
        if let numbers = Self.numbers[step.operation] {
            for index in numbers where step.inputs.indices.contains(index) { weights.insert(step.inputs[index]) }
            // A quantiser's operand is a number whatever its type.
            if step.operation == "QuantizeLinear", let operand = step.inputs.first { others.insert(operand) }
        } else if !results.isEmpty,
            results.allSatisfy({ parameters.contains($0) && !others.contains($0) })
                || (step.operation == "Mul" && step.inputs.contains(where: parameters.contains))
        {
            parameters.formUnion(step.inputs)
        } else {
            if Self.movements.contains(step.operation), let operand = step.inputs.first,
                results.contains(where: weights.contains)
            {
                weights.insert(operand)
            }
            others.formUnion(step.inputs)
        }
    }

    func isWeight(_ name: String, type: ElementType?) -> Bool {
        if type?.isFloatingPoint == true { return !parameters.contains(name) || others.contains(name) }
        return weights.contains(name)
    }
}
