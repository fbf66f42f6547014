import Graphs
import Tensors

extension FiniteDifferenceTests {
    static let takingCases: [Case] = [
        unary("Slice", "", [4, 5], constants: [whole([1]), whole([4]), whole([-1])]),
        unary(
            "Slice", "steps", [4, 5], constants: [whole([-1, 0]), whole([0, 9]), whole([0, 1]), whole([-2, 2])]),
        unary("Split", "first of equal parts", [2, 6], ["axis": .integer(1), "num_outputs": .integer(1)]),
        unary("Gather", "token", [2, 4, 3], ["axis": .integer(1)], constants: [AnyTensor(Tensor<Int64>(0))]),
        unary("Gather", "repeated", [2, 4], ["axis": .integer(-1)], constants: [whole([3, 0, 3])]),
        unary("GatherElements", "", [2, 3], constants: [matrix([1, 0, -1], columns: 3)]),
        unary("GatherND", "", [2, 3], constants: [matrix([1, 2, 0, -1], columns: 2)]),
        unary("Compress", "", [2, 3], ["axis": .integer(1)], constants: [whole([1, 0, 1]).converted(to: .bool)]),
        Case(operation: "TopK", name: "", shapes: [[3, 4]]) { graph, inputs in
            let count = graph.addConstant(whole([2]))
            return graph.append("TopK", [inputs[0], count], outputCount: 2, name: "y")[0]
        },
        Case(operation: "OneHot", name: "", shapes: [[2]]) { graph, inputs in
            let operands = [graph.addConstant(whole([0, 2])), graph.addConstant(whole([3]))]
            return graph.append("OneHot", operands + inputs, name: "y")[0]
        },
    ]

    static let placingCases: [Case] = [
        unary("CenterCropPad", "", [4, 3], constants: [whole([1, 6])]),
        scattering("ScatterElements", matrix([1, 0, 1], columns: 3), updates: [1, 3]),
        scattering("ScatterND", matrix([2, 0], columns: 1), updates: [2, 4]),
        unary("Expand", "", [3, 1], constants: [whole([2, 1, 2])]),
        unary("Tile", "", [2, 3], constants: [whole([3, 2])]),
        unary("DepthToSpace", "", [1, 8, 2, 1], ["blocksize": .integer(2)]),
        unary("DepthToSpace", "CRD", [1, 8, 1, 2], ["blocksize": .integer(2), "mode": .string("CRD")]),
        unary("SpaceToDepth", "", [1, 2, 4, 2], ["blocksize": .integer(2)]),
        unary("CumSum", "", [2, 4], ["exclusive": .integer(1)], constants: [AnyTensor(Tensor<Int64>(1))]),
        unary("Trilu", "", [2, 3, 3], ["upper": .integer(0)], constants: [AnyTensor(Tensor<Int64>(-1))]),
        unary("ReverseSequence", "", [3, 2], constants: [whole([3, 2])]),
    ]

    static let einsumCases: [Case] = [
        several("Einsum", "matrices", [[2, 3], [3, 2]], ["equation": .string("ij,jk->ik")]),
        several("Einsum", "attention", [[1, 2, 3, 2], [1, 2, 2, 2]], ["equation": .string("bhid,bhjd->bhij")]),
        several("Einsum", "ellipses", [[2, 1, 3], [1, 4, 3]], ["equation": .string("...i,...i->...")]),
        several("Einsum", "diagonal", [[3, 3], [3]], ["equation": .string("ii,i->i")]),
        several("Einsum", "lengths of one", [[2, 1], [3, 2]], ["equation": .string("ij,jk->ik")]),
    ]

    private static func scattering(_ operation: String, _ indices: AnyTensor, updates: Shape) -> Case {
        Case(operation: operation, name: "", shapes: [[3, 4], updates]) { graph, inputs in
            let index = graph.addConstant(indices)
            return graph.append(operation, [inputs[0], index, inputs[1]], name: "y")[0]
        }
    }

    static func matrix(_ elements: [Int64], columns: Int) -> AnyTensor {
        var tensor = Tensor<Int64>(repeating: 0, shape: [elements.count / columns, columns])
        tensor.mutateElements { $0 = elements }
        return AnyTensor(tensor)
    }
}
