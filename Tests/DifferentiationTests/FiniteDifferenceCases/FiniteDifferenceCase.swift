import Graphs
import Tensors

extension FiniteDifferenceTests {
    /// All cases: one line a family, sorted.
    static let cases: [Case] = [
        activationCases,
        arithmeticCases,
        convolutionCases,
        elementaryFunctionCases,
        deformableCases,
        einsumCases,
        joiningAndPaddingCases,
        matrixProductCases,
        normPoolingCases,
        normalisationCases,
        placingCases,
        poolingCases,
        rearrangementCases,
        recurrentCases,
        reductionCases,
        selectionCases,
        smoothActivationCases,
        spectralCases,
        statisticsCases,
        takingCases,
        resizingCases,
        samplingCases,
        transposedConvolutionCases,
    ].flatMap(\.self)

    /// One operand, and constants behind it.
    static func unary(
        _ operation: String, _ name: String = "", _ shape: Shape = [2, 3, 4], _ attributes: [String: Attribute] = [:],
        constants: [AnyTensor?] = []
    ) -> Case {
        Case(operation: operation, name: name, shapes: [shape]) { graph, inputs in
            let operands = constants.map { tensor in tensor.map { graph.addConstant($0) } }
            return graph.append(operation, inputs + operands, attributes: attributes, name: "y")[0]
        }
    }

    /// Several operands, all of them differentiated.
    static func several(
        _ operation: String, _ name: String, _ shapes: [Shape], _ attributes: [String: Attribute] = [:],
        positive: Set<Int> = []
    ) -> Case {
        Case(operation: operation, name: name, shapes: shapes, positive: positive) { graph, inputs in
            graph.append(operation, inputs, attributes: attributes, name: "y")[0]
        }
    }

    static func scalar(_ value: Float) -> AnyTensor { AnyTensor(Tensor(value)) }
    static func whole(_ values: [Int64]) -> AnyTensor { AnyTensor(Tensor(vector: values)) }
    static func numbers(_ values: [Float]) -> AnyTensor { AnyTensor(Tensor(vector: values)) }
}
