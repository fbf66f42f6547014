import Explanations
import Graphs
import Imaging
import Tensors

/// The inputs of a model besides that of the photograph, with what they hold.
struct FurtherInputs: Sendable {
    /// A tensor for each, by name.
    private(set) var tensors: [String: AnyTensor] = [:]
    /// How each was given, by name.
    private(set) var texts: [String: String] = [:]
    /// What was guessed about pictures among them.
    private(set) var notes: [String] = []

    /// - Parameters:
    ///   - photograph: The input of the photograph.
    ///   - preprocessing: How the photograph is prepared.
    init(
        _ given: [String: GivenInput], of model: Model, beside photograph: PictureInput, _ preprocessing: Preprocessing,
        in attributor: Attributor
    ) throws {
        for port in model.inputs where port.name != photograph.name {
            guard let value = given[port.name] else { continue }
            texts[port.name] = value.text
            let shape = try Self.shape(
                of: value, for: port, in: model, beside: preprocessing.inputShape, attributor: attributor)
            switch value.content {
            case .tensor(let tensor): tensors[port.name] = try tensor.reshaped(shape).converted(to: port.elementType)
            case .number(let number):
                // Converted by way of float64.
                try model.engine.memory.admit(shape, of: .float64, named: port.name)
                tensors[port.name] = AnyTensor(Tensor<Double>(repeating: number, shape: shape)).converted(
                    to: port.elementType)
            case .picture(let picture):
                let own = try PictureInput(port, shape: shape, in: model, attributor: attributor)
                let (rule, note) = try Self.preprocessing(for: own, like: preprocessing)
                if let note { notes.append(note) }
                tensors[port.name] = try rule.input(from: picture)
            }
        }
    }

    /// The shape that a value takes at an input; fails where it does not fit.
    ///
    /// - Parameter picture: The shape of the photograph's input, whose size pictures have where their input leaves it open.
    static func shape(
        of value: GivenInput, for port: Model.Port, in model: Model, beside picture: Shape, attributor: Attributor
    ) throws -> Shape {
        let declared = port.dimensions.map(\.length)
        switch value.content {
        case .number: return Shape(declared.map { $0 ?? 1 })
        case .picture:
            guard let shape = PictureInput.shape(of: port, in: model, beside: picture, attributor: attributor) else {
                throw GazeError.unsuitableInput(
                    name: port.name, reason: "\(port) takes no picture; give an array of NumPy (.npy) or a number")
            }
            return shape
        case .tensor(let tensor):
            if port.dimensions.isEmpty { return tensor.shape }
            func fits(_ shape: [Int]) -> Bool {
                shape.count == declared.count && zip(shape, declared).allSatisfy { $1 == nil || $0 == $1 }
            }
            // One sample may come without the axis of samples.
            for shape in [tensor.shape.dimensions, [1] + tensor.shape.dimensions] where fits(shape) {
                return Shape(shape)
            }
            throw GazeError.unsuitableInput(
                name: port.name, reason: "the array has the shape \(tensor.shape), and the model takes \(port)")
        }
    }

    /// The photograph's rule at another size; where the channels are others, the likeliest one, with a note.
    private static func preprocessing(
        for input: PictureInput, like photograph: Preprocessing
    ) throws -> (rule: Preprocessing, note: String?) {
        var own = try Preprocessing.guess(for: input, kind: nil).preprocessing
        let resize = photograph.resize.withSize(width: own.resize.width, height: own.resize.height)
        if own.channels.count == photograph.channels.count, own.element == photograph.element {
            let layout = own.layout
            own = photograph
            own.layout = layout
        }
        own.resize = resize
        guard own.channels != photograph.channels else { return (own, nil) }
        return (
            own,
            "the picture for the input '\(input.name)' has other channels than the photograph, and is prepared as \(own.channels.rawValue), scale \(own.scale), mean \(own.mean), std \(own.standardDeviation); give an array of NumPy for anything else"
        )
    }
}
