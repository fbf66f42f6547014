package import Graphs
import ONNXMessages
import Tensors

/// How many numbers of a model training set: floating-point constants and the integers that stand for such, without the scales and
/// zero points that say how.
extension Graph {
    /// The number of weights among all constants.
    package var parameterCount: Int {
        var known = QuantisedConstants()
        for node in nodes {
            known.read(
                node.operation, inputs: node.inputs.map { input in input.map { self[$0].name } ?? "" },
                outputs: node.results.map { self[$0].name })
        }
        return values.reduce(0) { sum, value in
            guard let constant = value.constant else { return sum }
            return sum + (known.isWeight(value.name, type: constant.elementType) ? constant.shape.count : 0)
        }
    }
}

extension ModelProto {
    /// The number of weights among the initializers; one that overflows counts as none.
    var parameterCount: Int {
        var known = QuantisedConstants()
        for node in graph.node { known.read(node.opType, inputs: node.input, outputs: node.output) }
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

/// Which constants quantised operators read, and as what.
private struct QuantisedConstants {
    private var weights: Set<String> = []
    private var parameters: Set<String> = []
    private var floating: Set<String> = []
    /// From where a result's numbers came unchanged.
    private var sources: [String: String] = [:]

    /// The inputs that hold numbers and those that hold scales; zero points stand behind scales.
    private static let places: [String: (numbers: [Int], scales: [Int])] = [
        "DequantizeLinear": ([0], [1]), "QuantizeLinear": ([], [1]), "QLinearConv": ([0, 3, 8], [1, 4, 6]),
        "QLinearMatMul": ([0, 3], [1, 4, 6]), "QGemm": ([0, 3, 6], [1, 4, 7]), "QLinearAdd": ([0, 3], [1, 4, 6]),
        "QLinearMul": ([0, 3], [1, 4, 6]), "ConvInteger": ([0, 1], []), "MatMulInteger": ([0, 1], []),
        "QLinearSigmoid": ([], [1, 3]), "QLinearLeakyRelu": ([], [1, 3]), "QLinearGlobalAveragePool": ([], [1, 3]),
        "QLinearAveragePool": ([], [1, 3]), "QLinearSoftmax": ([], [1, 3]),
    ]

    private static let movements: Set<String> = [
        "Identity", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Gather", "Slice",
    ]

    mutating func read(_ operation: String, inputs: [String], outputs: [String]) {
        guard let places = Self.places[operation] else {
            if Self.movements.contains(operation), let input = inputs.first, let output = outputs.first {
                sources[output] = input
            }
            floating.formUnion(inputs)
            return
        }
        for (index, name) in inputs.enumerated() {
            if places.numbers.contains(index) {
                weights.insert(origin(of: name))
            } else if places.scales.contains(index) {
                parameters.insert(name)
            }
        }
    }

    private func origin(of name: String) -> String {
        var current = name
        // Damaged files go in circles.
        for _ in 0..<sources.count {
            guard let source = sources[current] else { break }
            current = source
        }
        return current
    }

    func isWeight(_ name: String, type: ElementType?) -> Bool {
        if type?.isFloatingPoint == true { return !parameters.contains(name) || floating.contains(name) }
        return weights.contains(name)
    }
}
