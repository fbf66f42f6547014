import Explanations
import Graphs
import Imaging
import Tensors

/// How a volume becomes the tensor that a model takes.
struct VolumeInput: Sendable {
    /// The input's name.
    let name: String
    /// The tensor, with its one sample in front.
    let tensor: AnyTensor
    /// The axis of channels in the tensor.
    let channelAxis: Int
    /// The axes of slices, rows and columns.
    let places: [Int]
    /// The same numbers before they are scaled, `[C, D, H, W]`.
    let volume: Tensor<Float>
    /// What was done to the volume, in words.
    let notes: [String]

    /// Whether a model may take volumes: its only input has five axes.
    static func isDeclared(by model: Model) -> Bool {
        model.inputs.count == 1 && model.inputs[0].dimensions.count == 5
    }

    /// Brings a volume to the model's order of axes, and to the lengths that it declares.
    ///
    /// - Throws: `GazeError.volume` where the model takes no such volume.
    init(_ volume: Volume, numbers: VolumeNumbers, for attributor: Attributor) throws {
        let port = attributor.model.inputs[0]
        let declared = port.dimensions.map(\.length)
        let text = "\(port.name) [\(port.dimensions.map(\.description).joined(separator: ", "))]"
        let given = volume.values.shape.dimensions
        func fits(_ shape: [Int]) -> Bool {
            shape.count == 5 && zip(declared, shape).allSatisfy { $0 == nil || $0 == $1 }
        }
        /// The axes of slices, rows and columns of an input of this shape, where the model runs with it.
        func places(_ shape: [Int]) -> [Int]? {
            guard let graph = try? attributor.specialisedGraph(for: [port.name: Shape(shape)]),
                let input = try? graph.input(named: port.name), let axes = PlaceAxes(of: input, in: graph)
            else { return nil }
            return axes.lengths.count == 3 && axes.batch == 1 && !axes.places.contains(0) ? axes.places : nil
        }
        // What lies in the model's own order stays as it is.
        let whole = given.count == 5 ? given : [1] + given
        if fits(whole), let own = places(whole), let channel = (1...4).first(where: { !own.contains($0) }) {
            let order = [channel] + own
            let moved = try volume.values.reshaped(Shape(whole)).slice(0).transposed(order.map { $0 - 1 })
            self.init(
                port, moved, channelAxis: channel, places: own, lengths: own.map { whole[$0] }, numbers,
                isPictures: volume.isPictures)
            return
        }
        let inFront = given.count == 3 ? [1] + given : Array(given.suffix(4))
        let channelsFirst = try volume.values.reshaped(Shape(inFront))
        for channel in [1, 2, 4] {
            let own = (1...4).filter { $0 != channel }
            // Channels are repeated and places resampled as often as the file says.
            let lengths = zip(own, inFront.dropFirst()).map { declared[$0] ?? $1 }
            var shape = [Int](repeating: 1, count: 5)
            shape[channel] = declared[channel] ?? inFront[0]
            for (axis, length) in zip(own, lengths) { shape[axis] = length }
            let memory = attributor.model.engine.memory
            try memory.admit(Shape(shape), of: .float64, named: port.name)
            try memory.admit(Shape([shape[channel]] + inFront.dropFirst()), of: .float64, named: port.name)
            guard let prepared = Self.channels(channelsFirst, declared[channel]) else { continue }
            guard fits(shape), places(shape) == own else { continue }
            self.init(
                port, prepared, channelAxis: channel, places: own, lengths: lengths, numbers,
                isPictures: volume.isPictures)
            return
        }
        throw GazeError.volume(
            reason:
                "the model's input \(text) takes no volume of shape \(volume.values.shape) (slices, rows, columns; channels in front of them); make its tensor yourself and use 'gaze attribute'"
        )
    }

    private init(
        _ port: Model.Port, _ volume: Tensor<Float>, channelAxis: Int, places: [Int], lengths: [Int],
        _ numbers: VolumeNumbers, isPictures: Bool
    ) {
        var (volume, notes) = (volume, [String]())
        let given = Array(volume.shape.dimensions.dropFirst())
        if given != lengths {
            let taps = zip(given, lengths).map { MapTaps.resizing(from: $0, to: $1, by: .bilinear) }
            let resized = (0..<volume.shape[0]).compactMap { try? volume.slice($0).resampled(along: taps) }
            volume = (try? Tensor.stacking(resized)) ?? volume
            notes.append(
                "the volume of \(Self.text(given)) was resampled to \(Self.text(lengths)), as the model declares")
        }
        if isPictures {
            notes.append("slices are pictures, whose pixels were brought to 0...1 before --scale, --mean and --std")
        }
        self.volume = volume
        self.notes = notes
        (name, self.channelAxis, self.places) = (port.name, channelAxis, places)
        // Axes 1 to 4 of the model, each of which is one of [C, D, H, W].
        let order = (1...4).map { axis in axis == channelAxis ? 0 : (places.firstIndex(of: axis) ?? 0) + 1 }
        let moved = numbers.applied(to: volume).transposed(order)
        tensor = AnyTensor((try? moved.reshaped(Shape([1] + moved.shape.dimensions))) ?? moved)
            .converted(to: port.elementType)
    }

    /// A volume with so many channels: grey is repeated, colours are averaged; nil where that does not do.
    private static func channels(_ volume: Tensor<Float>, _ count: Int?) -> Tensor<Float>? {
        let own = volume.shape[0]
        guard let count, count != own else { return volume }
        if own == 1 { return try? Tensor.stacking([Tensor<Float>](repeating: volume.slice(0), count: count)) }
        guard own == 3, count == 1 else { return nil }
        let planes = (0..<3).map { volume.slice($0).elements }
        var grey = volume.slice(0)
        grey.mutateElements { elements in
            for index in elements.indices {
                elements[index] = (planes[0][index] + planes[1][index] + planes[2][index]) / 3
            }
        }
        return try? Tensor.stacking([grey])
    }

    private static func text(_ lengths: [Int]) -> String { lengths.map(String.init).joined(separator: "x") }
}
