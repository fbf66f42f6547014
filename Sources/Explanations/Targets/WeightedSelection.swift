import Graphs
import Tensors

extension Graph {
    /// Appends `weights * value` where the weight is not zero, and 0 elsewhere.
    ///
    /// A product alone would make `0 * -∞ = NaN` of a class that a file switches off, though nobody asked for it.
    mutating func appendSelection(of value: ValueID, weights: ValueID, name: String) -> ValueID {
        let product = append("Mul", [value, weights], name: "\(name).weighted")[0]
        let isSelected = append(
            "Cast", [weights], attributes: ["to": .integer(Int(ElementType.bool.rawValue))], name: "\(name).selected")[
                0]
        let zero = AnyTensor(zeros: self[value].type ?? .float32, shape: [])
        return append("Where", [isSelected, product, addConstant(zero, name: "\(name).zero")], name: name)[0]
    }
}
