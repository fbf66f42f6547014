import Graphs

/// What relevance does at operators without weights.
enum RelevanceOperators {
    /// Operators that move or select elements: relevance is moved back.
    static let movements: Set<String> = [
        "Cast", "CastLike", "CenterCropPad", "Compress", "Concat", "DepthToSpace", "Dropout", "Expand", "Flatten",
        "Gather", "GatherElements", "GatherND", "GlobalMaxPool", "Identity", "Max", "MaxPool", "MaxUnpool", "Min",
        "Pad",
        "ReduceMax", "ReduceMin", "Reshape", "ReverseSequence", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile",
        "TopK", "Transpose", "Trilu", "Unsqueeze", "Where",
    ]

    /// Functions of each element with parameters, beside those that `RuleCatalogue` has as elementwise rules.
    private static let parametrised: Set<String> = [
        "Clip", "PRelu", "Pow", "DequantizeLinear", "QuantizeLinear", "Mod",
    ]

    /// Normalisations whose norm counts as a constant, which leaves a factor for each element.
    private static let scalings: Set<String> = ["LpNormalization", "LRN"]

    /// Whether an operator is a function of each element alone.
    static func isActivation(_ operation: String) -> Bool {
        parametrised.contains(operation) || RuleCatalogue.rules[operation] is ElementwiseRule
    }

    /// Whether an operator computes each element from the same element of its operands.
    static func isElementwise(_ operation: String) -> Bool {
        isActivation(operation) || ["Add", "Sub", "Mul", "Div", "Identity", "Cast", "Max", "Min"].contains(operation)
    }

    /// Whether relevance passes to the first operand as it is.
    static func passes(_ operation: String) -> Bool { isActivation(operation) || scalings.contains(operation) }

    /// The node that made a value what it is, behind constant scales and shifts and what only moves elements.
    static func source(of value: ValueID, in use: GraphUse) -> Node? {
        var value = value
        while let node = use.graph.producingNode(of: value) {
            let operands = use.freeOperands(of: node)
            let isTransparent =
                ["Mul", "Add", "Sub"].contains(node.operation)
                || (node.operation == "Div" && node.input(0).map { use.isFree($0) } ?? false)
                || (movements.contains(node.operation)
                    && !["Max", "Min", "MaxPool", "ReduceMax"].contains(node.operation))
            guard isTransparent, operands.count == 1 else { return node }
            value = operands[0]
        }
        return nil
    }
}
