import Explanations
import Graphs
import Tensors

/// The model at sizes of the photograph's input, beside what its other inputs hold.
struct OtherInputs {
    let model: Model
    let attributor: Attributor
    let given: [String: GivenInput]

    /// The graph where the photograph's input has this shape.
    func graph(with name: String, of shape: Shape) throws -> Graph {
        var shapes = [name: shape]
        let size = PictureAxes(shape).map { [$0.height, $0.width] } ?? []
        for port in model.inputs where port.name != name {
            guard let value = given[port.name] else { continue }
            shapes[port.name] = try FurtherInputs.shape(of: value, for: port, in: model, attributor, beside: size)
        }
        return try attributor.specialisedGraph(for: shapes)
    }
}
