import Graphs
import Tensors

extension Baseline {
    /// The inputs that the baseline stands for as values `[1 or B, …]`, one a kind.
    func values(in experiment: inout ExperimentGraph) throws -> [ValueID] {
        try kinds.map { try value($0, in: &experiment) }
    }

    private func value(_ kind: Kind, in experiment: inout ExperimentGraph) throws -> ValueID {
        switch kind {
        case .number(let number): return experiment.nodes.scalar(Double(number))
        case .black: return try colour(experiment.settings.space?.black, "black", in: &experiment)
        case .white: return try colour(experiment.settings.space?.white, "white", in: &experiment)
        case .mean:
            let planes = experiment.knownPlanes
            let all = Array(1...max(experiment.sampleShape.rank, 1))
            let axes = planes.map { planes in all.filter { $0 != planes.channelAxis } } ?? all
            return experiment.nodes.emit(
                "ReduceMean", [experiment.input, experiment.nodes.integers(axes)], ["keepdims": .integer(1)])
        case .blur(let sigma): return try blurred(sigma: sigma, in: &experiment)
        case .noise(let seed): return try noise(seed: seed, in: &experiment)
        case .file(let values):
            let all = try values.reshaped(Shape([1] + values.shape.dimensions))
            guard let value = experiment.given(all, count: 1) else {
                throw Self.problem(
                    "the file holds \(values.shape), which is neither one input nor one a sample of \(experiment.sampleShape)",
                    experiment)
            }
            let rows = values.shape.rank == experiment.sampleShape.rank ? 1 : values.shape[0]
            return experiment.nodes.reshape(value, to: Shape([rows] + experiment.sampleShape.dimensions))
        }
    }

    private func planes(in experiment: ExperimentGraph) throws -> PicturePlanes {
        guard let planes = experiment.knownPlanes else {
            throw Self.problem(
                "an input of shape \(experiment.sampleShape) is no picture; give a number or a file", experiment)
        }
        return planes
    }

    private func colour(_ colour: [Float]?, _ name: String, in experiment: inout ExperimentGraph) throws -> ValueID {
        let planes = try planes(in: experiment)
        guard let colour, colour.count == planes.channels else {
            throw Self.problem(
                "nobody said which numbers are \(name) in this input; give a number or a file", experiment)
        }
        let shape = Shape((0..<4).map { $0 == planes.channelAxis ? planes.channels : 1 })
        return experiment.nodes.constant(AnyTensor(try Tensor(shape: shape, elements: colour)), name: name)
    }

    /// Normal numbers, the same for every sample, with the mean and the deviation of each channel of each sample.
    private func noise(seed: UInt64, in experiment: inout ExperimentGraph) throws -> ValueID {
        let shape = Shape([1] + experiment.sampleShape.dimensions)
        let planes = experiment.knownPlanes
        let normal = Self.normal(like: Tensor(repeating: 0, shape: shape), planes: planes, seed: seed)
        let all = Array(1...max(experiment.sampleShape.rank, 1))
        let axes = planes.map { planes in all.filter { $0 != planes.channelAxis } } ?? all
        // In double precision, as the run does it: float sums of many pixels differ by more than a rounding.
        let input = experiment.cast(experiment.input, to: .float64)
        let (over, keep) = (experiment.nodes.integers(axes), ["keepdims": Attribute.integer(1)])
        let mean = experiment.nodes.emit("ReduceMean", [input, over], keep)
        let difference = experiment.nodes.emit("Sub", [input, mean])
        let square = experiment.nodes.emit("Mul", [difference, difference])
        let deviation = experiment.nodes.emit("Sqrt", [experiment.nodes.emit("ReduceMean", [square, over], keep)])
        let drawn = experiment.nodes.constant(AnyTensor(normal), name: "noise")
        let moved = experiment.nodes.emit("Add", [mean, experiment.nodes.emit("Mul", [deviation, drawn])])
        return experiment.cast(moved, to: .float32)
    }

    /// `V X Hᵀ` for every channel, with the filter along each axis as a matrix.
    private func blurred(sigma: Double?, in experiment: inout ExperimentGraph) throws -> ValueID {
        let planes = try planes(in: experiment)
        let blur = GaussianBlur(sigma: sigma ?? Self.blurFraction * Double(min(planes.height, planes.width)))
        let order = [0, planes.channelAxis, planes.axes.rowAxis, planes.axes.columnAxis]
        func moved(_ value: ValueID, _ order: [Int]) -> ValueID {
            order == [0, 1, 2, 3] ? value : experiment.nodes.emit("Transpose", [value], ["perm": .integers(order)])
        }
        let vertical = experiment.nodes.constant(AnyTensor(blur.matrix(planes.height)), name: "blur")
        let horizontal = experiment.nodes.constant(AnyTensor(blur.matrix(planes.width)), name: "blur")
        let across = experiment.nodes.emit("Transpose", [horizontal], ["perm": .integers([1, 0])])
        let rows = experiment.nodes.emit("MatMul", [moved(experiment.input, order), across])
        let both = experiment.nodes.emit("MatMul", [vertical, rows])
        return moved(both, (0..<4).map { axis in order.firstIndex(of: axis) ?? axis })
    }

    private static func problem(_ reason: String, _ experiment: ExperimentGraph) -> ExplanationError {
        .parameter(method: experiment.label, name: "baseline", reason: reason)
    }
}
