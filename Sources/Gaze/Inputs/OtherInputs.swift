import Explanations
import Graphs
import Tensors

/// What inputs besides the photograph's hold, before the photograph's shape is known.
struct OtherInputs {
    private let model: Model
    private let given: [String: GivenInput]
    private let attributor: Attributor

    init(of model: Model, given: [String: GivenInput], attributor: Attributor) {
        (self.model, self.given, self.attributor) = (model, given, attributor)
    }

    /// Their shapes beside a photograph of this shape.
    func shapes(beside photograph: Shape) throws -> [String: Shape] {
        var shapes: [String: Shape] = [:]
        for port in model.inputs {
            guard let value = given[port.name] else { continue }
            shapes[port.name] = try FurtherInputs.shape(
                of: value, for: port, in: model, beside: photograph, attributor: attributor)
        }
        return shapes
    }

    /// Heights and widths of arrays among them: one picture is likely as large as another.
    var sizes: [[Int]] {
        let sizes = given.values.compactMap { input -> [Int]? in
            guard case .tensor(let tensor) = input.content, tensor.shape.rank == 4,
                let axes = PictureAxes(tensor.shape)
            else { return nil }
            return [axes.height, axes.width]
        }
        return Set(sizes).sorted { $0[0] < $1[0] }
    }
}
