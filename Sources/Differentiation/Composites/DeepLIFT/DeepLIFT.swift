import Graphs

extension Composite {
    /// DeepLIFT's multipliers by the rescale rule: cotangents m with `Σ m (x - x̄) = S(x) - S(x̄)`.
    ///
    /// - Functions of each element: `(y - ȳ) / (x - x̄)`; the derivative where the operands hardly differ.
    /// - Linear operators, with constant weights: the derivative.
    /// - Products of two values that both vary (Mul, MatMul, Gemm, Einsum, Conv with a computed kernel), and sums of squares:
    ///   the derivative at the midpoint, `a b - ā b̄ = (a - ā)(b + b̄)/2 + (b - b̄)(a + ā)/2`. Quotients, normalisations and norms
    ///   are products of such parts.
    /// - Maxima: a rise is credited to the element that is the maximum now, a fall to the one that was it. Where with a computed
    ///   condition: the change is credited to the branch that is taken now.
    /// - Recurrent layers: the multipliers of the cells that they consist of.
    /// - Softmax: the Jacobian with the logarithmic mean of y and ȳ for y (`SoftmaxMultiplierRule`).
    ///
    /// What has no multipliers that add up (computed indices and exponents) is refused by name.
    ///
    /// Shrikumar, Greenside, Kundaje: Learning Important Features Through Propagating Activation Differences, ICML 2017.
    package static func deepLIFT(reference: ReferenceActivations) -> Composite {
        Composite([Exception(MultiplierRule(reference: reference)) { node, _ in node.domain.isEmpty }])
    }
}

/// Chooses an operator's multipliers.
private struct MultiplierRule: BackwardRule {
    let reference: ReferenceActivations

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        try rule(for: step).cotangents(&step)
    }

    private func rule(for step: BackwardStep) throws(DifferentiationError) -> any BackwardRule {
        let node = step.node
        guard let derivative = RuleCatalogue.rules[node.operation] else {
            throw .noRule(operation: node.qualifiedOperation, node: step.label)
        }
        let varying = Set(node.inputs.indices.filter { reference.varies(node.inputs[$0]) })
        if let expansion = node.expansion, !varying.isEmpty {
            return ExpandedRule(expansion, comparingWith: reference) { .deepLIFT(reference: $0) }
        }
        if varying.isEmpty || Self.isLinear(node.operation, in: varying) { return derivative }
        if varying == [0], derivative is ElementwiseRule || Self.elementwise.contains(node.operation) {
            return RescaleRule(derivative: derivative, reference: reference)
        }
        if Self.quadratic.contains(node.operation) {
            return MidpointRule(derivative: derivative, reference: reference)
        }
        if varying == [0] || Self.ofSeveral.contains(node.operation), let rule = Self.others[node.operation] {
            return rule(reference)
        }
        throw .unsupported(
            node: step.label,
            reason: "DeepLIFT has no multipliers for the way in which \(node.operation) depends on the input")
    }

    /// Functions of each element beside those that have an `ElementwiseRule`, where only the first operand varies.
    private static let elementwise: Set<String> = ["Ceil", "Clip", "Floor", "Pow", "PRelu", "Round", "Sign"]

    /// Operators that are at most quadratic in the operands that vary.
    private static let quadratic: Set<String> = [
        "Conv", "ConvTranspose", "Einsum", "Gemm", "MatMul", "Mul", "ReduceSumSquare",
    ]

    /// Those of the others of which any operand may vary.
    private static let ofSeveral: Set<String> = ["Div", "Max", "Min", "Where"]

    private static let others: [String: @Sendable (ReferenceActivations) -> any BackwardRule] = [
        "Div": { QuotientMultiplierRule(reference: $0) },
        "GlobalMaxPool": { ExtremumMultiplierRule(reference: $0, isMaximum: true) },
        "GroupNormalization": { StandardisationMultiplierRule(reference: $0) },
        "InstanceNormalization": { StandardisationMultiplierRule(reference: $0) },
        "LRN": { LRNMultiplierRule(reference: $0) },
        "LayerNormalization": { StandardisationMultiplierRule(reference: $0) },
        "LogSoftmax": { SoftmaxMultiplierRule(reference: $0) },
        "LpNormalization": { NormMultiplierRule(reference: $0) },
        "Max": { ExtremumMultiplierRule(reference: $0, isMaximum: true) },
        "MaxPool": { MaxPoolMultiplierRule(reference: $0) },
        "MeanVarianceNormalization": { StandardisationMultiplierRule(reference: $0) },
        "Min": { ExtremumMultiplierRule(reference: $0, isMaximum: false) },
        "ReduceL2": { NormMultiplierRule(reference: $0) },
        "ReduceMax": { ExtremumMultiplierRule(reference: $0, isMaximum: true) },
        "ReduceMin": { ExtremumMultiplierRule(reference: $0, isMaximum: false) },
        "Softmax": { SoftmaxMultiplierRule(reference: $0) },
        "Where": { SelectionMultiplierRule(reference: $0) },
    ]

    /// Whether the operator is affine in these operands together, the others being as they are.
    private static func isLinear(_ operation: String, in varying: Set<Int>) -> Bool {
        switch operation {
        case "Add", "Sub", "Sum", "Mean", "Concat": true
        case "Conv", "ConvTranspose", "Gemm": varying.isSubset(of: [0, 2]) || varying.isSubset(of: [1, 2])
        case "Einsum", "MatMul", "Mul": varying.count == 1
        case "ScatterElements", "ScatterND": varying.isSubset(of: [0, 2])
        case "Where": varying.isSubset(of: [1, 2])
        default: varying == [0] && linear.contains(operation)
        }
    }

    /// Operators that are affine in their first operand; quantisation counts as the numbers that it stands for.
    private static let linear: Set<String> = [
        "AveragePool", "BatchNormalization", "Cast", "CastLike", "CenterCropPad", "Col2Im", "Compress", "CumSum",
        "DFT", "DepthToSpace", "DequantizeLinear", "Div", "Dropout", "Expand", "Flatten", "Gather", "GatherElements",
        "GatherND", "GlobalAveragePool", "GridSample", "Identity", "MaxUnpool", "Neg", "Pad", "QuantizeLinear",
        "ReduceMean", "ReduceSum", "Reshape", "Resize", "ReverseSequence", "Slice", "SpaceToDepth", "Split", "Squeeze",
        "Tile", "Transpose", "Trilu", "Unsqueeze",
    ]
}
