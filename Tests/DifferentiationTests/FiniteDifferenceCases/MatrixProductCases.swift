import Graphs
import Tensors

extension FiniteDifferenceTests {
    static let matrixProductCases: [Case] = [
        several("Gemm", "plain", [[2, 3], [3, 4], [4]]),
        several(
            "Gemm", "transposed A and B", [[3, 2], [4, 3], [2, 1]],
            ["transA": .integer(1), "transB": .integer(1), "alpha": .float(0.5), "beta": .float(2)]),
        several("Gemm", "transposed B", [[2, 3], [4, 3]], ["transB": .integer(1)]),
        several("Gemm", "transposed A, scalar C", [[3, 2], [3, 4], []], ["transA": .integer(1)]),
        several("MatMul", "matrices", [[2, 3], [3, 4]]), several("MatMul", "batches", [[2, 1, 2, 3], [3, 3, 2]]),
        several("MatMul", "row", [[3], [2, 3, 2]]), several("MatMul", "column", [[2, 2, 3], [3]]),
        several("MatMul", "vectors", [[4], [4]]),
    ]
}
