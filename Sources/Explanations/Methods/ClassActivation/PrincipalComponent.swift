package import Graphs
import Tensors

extension QuestionGraph {
    /// The places of a map `[B, C, H, W]` projected on the first principal direction of their channels: `[B, H, W]`.
    ///
    /// `M v` for the map's matrix `M`, a row a place, and its first right singular vector `v`. The sign is such that the
    /// value of largest magnitude is positive, or that the scalar product with the sum of the channels is. The leading eigenvector of the smaller Gram matrix is found by squaring it
    /// `2^20` times over, in float64, which tells singular values apart that differ by a part in 10^5; places of a map of
    /// zeros stay 0.
    package mutating func principalComponent(
        of map: ValueID, _ layout: MapLayout, centred: Bool, agreeingWithSum: Bool = false
    ) -> ValueID {
        let (batch, channels, places) = (layout.batch, layout.channels, layout.cells)
        let centred = centred ? emit("Sub", [map, spatialMean(map, layout)]) : map
        let columns = float64(reshape(centred, to: [batch, channels, places]))
        let rows = emit("Transpose", [columns], ["perm": .integers([0, 2, 1])])
        let byPlaces = places <= channels
        let size = min(places, channels)
        let gram = byPlaces ? emit("MatMul", [rows, columns]) : emit("MatMul", [columns, rows])
        let leading = leadingEigenvector(of: gram, batch: batch, size: size)
        var direction = byPlaces ? emit("MatMul", [columns, leading]) : leading
        let squares = emit(
            "ReduceSum", [emit("Mul", [direction, direction]), integers([1, 2])], ["keepdims": .integer(1)])
        direction = emit("Div", [direction, atLeastTiny(emit("Sqrt", [squares]))])
        let projected = reshape(emit("MatMul", [rows, direction]), to: [batch, places])
        let signed = agreeingWithSum ? turned(projected, alongSumOf: columns) : turned(projected)
        let result = emit("Cast", [signed], ["to": .integer(Int(ElementType.float32.rawValue))])
        return reshape(result, to: layout.mapShape)
    }

    /// Rows `[B, n]` whose values of largest magnitude are positive.
    private mutating func turned(_ rows: ValueID) -> ValueID {
        let largest = emit("ArgMax", [emit("Abs", [rows])], ["axis": .integer(1), "keepdims": .integer(1)])
        let value = emit("GatherElements", [rows, largest], ["axis": .integer(1)])
        return emit("Mul", [rows, emit("Sign", [value])])
    }

    /// Rows `[B, n]` whose scalar products with the sums over the channels of `[B, C, n]` are not negative.
    private mutating func turned(_ rows: ValueID, alongSumOf columns: ValueID) -> ValueID {
        let sum = emit("ReduceSum", [columns, integers([1])], ["keepdims": .integer(0)])
        let product = emit("ReduceSum", [emit("Mul", [rows, sum]), integers([1])], ["keepdims": .integer(1)])
        func number(_ value: Double) -> ValueID { constant(AnyTensor(Tensor<Double>(value))) }
        let isOpposed = emit("Less", [product, number(0)])
        return emit("Mul", [rows, emit("Where", [isOpposed, number(-1), number(1)])])
    }

    /// A multiple of the leading eigenvector of symmetric matrices without negative eigenvalues, `[B, n, n]`: `[B, n, 1]`.
    private mutating func leadingEigenvector(of matrix: ValueID, batch: Int, size: Int) -> ValueID {
        var diagonalOnes = Tensor<Double>(repeating: 0, shape: [1, size, size])
        for index in 0..<size { diagonalOnes[0, index, index] = 1 }
        let identity = constant(AnyTensor(diagonalOnes))
        var projector = matrix
        for step in 0...Self.squarings {
            if step > 0 { projector = emit("MatMul", [projector, projector]) }
            let trace = emit(
                "ReduceSum", [emit("Mul", [projector, identity]), integers([1, 2])], ["keepdims": .integer(1)])
            projector = emit("Div", [projector, atLeastTiny(trace)])
        }
        // The column with the largest diagonal element cannot be orthogonal to the eigenvector.
        let diagonal = emit(
            "ReduceSum", [emit("Mul", [projector, identity]), integers([2])], ["keepdims": .integer(0)])
        let best = emit("ArgMax", [diagonal], ["axis": .integer(1), "keepdims": .integer(1)])
        let positions = reshape(integers(Array(0..<size)), to: [1, size])
        let chosen = float64(emit("Equal", [positions, best]))
        return emit("MatMul", [projector, reshape(chosen, to: [batch, size, 1])])
    }

    private static var squarings: Int { 20 }

    private mutating func float64(_ value: ValueID) -> ValueID {
        emit("Cast", [value], ["to": .integer(Int(ElementType.float64.rawValue))])
    }

    /// Keeps a divisor away from 0.
    private mutating func atLeastTiny(_ value: ValueID) -> ValueID {
        emit("Max", [value, constant(AnyTensor(Tensor<Double>(1e-300)))])
    }
}
