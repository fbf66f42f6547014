package import Graphs
import Runtime
package import Tensors

/// A procedure whose number of runs is known beforehand, so that it can be written as one graph.
package protocol CompilableProcedure: ProcedureMethod {
    /// Appends the nodes that compute the raw result, `[B, …]`, and returns it.
    ///
    /// The numbers are those of `result(of:)` on every sample: the same points, the same random numbers.
    func result(in experiment: inout ExperimentGraph) throws -> ValueID
}

/// Some samples and a model inside a graph: what `Experiment` is for a run, for all samples at once.
package struct ExperimentGraph {
    /// The graph so far; methods append to it.
    package var nodes: QuestionGraph
    /// The explained input, `[B, …]`.
    package let input: ValueID
    /// The shape of one sample of it.
    package let sampleShape: Shape
    /// What the method may use.
    package let settings: RunSettings
    /// What was decided on the way, for people.
    private(set) var notes: [String] = []
    /// Where the maps that were asked for live; nil where it is no layer.
    private(set) var layer: LayerChoice?
    /// The method's name, for messages.
    package let label: String
    private let source: PointSource

    /// More nodes than this in one file help nobody.
    private static let largestNodeCount = 200_000

    /// The number of samples.
    package var batch: Int { nodes.question.batch }

    /// One sample's channels, rows and columns; nil where it is no picture.
    var knownPlanes: PicturePlanes? { PicturePlanes(sampleOf: nodes.question.input, in: nodes.question.graph) }

    init(_ nodes: QuestionGraph, _ source: PointSource, settings: RunSettings, method: String) throws {
        let input = nodes.question.input
        guard nodes.graph.inputs.contains(input), nodes.graph[input].type == .float32,
            let shape = nodes.graph.shape(of: input), shape.rank > 0, shape[0] == nodes.question.batch
        else {
            throw ExplanationError.unsuitable(
                method: method,
                reason:
                    "it takes points around the input '\(nodes.graph[input].name)', which is no float32 tensor with an axis of samples"
            )
        }
        self.nodes = nodes
        self.source = source
        label = method
        self.settings = settings
        self.input = input
        sampleShape = Shape(Array(shape.dimensions.dropFirst()))
    }

    /// Sums over what a graph method says at many inputs, as many copies of the model at once as the memory budget allows.
    ///
    /// - Parameters:
    ///   - count: How many inputs for every sample.
    ///   - method: A graph method of the catalogue; `score` where only scores are wanted.
    ///   - points: Appends the inputs of these numbers, `[n, B, …]`.
    ///   - terms: Appends what a portion adds to each sum, from its results `[n, B, …]`.
    /// - Returns: The sums.
    package mutating func sums(
        over count: Int, of method: MethodSpecification,
        points: (inout ExperimentGraph, Range<Int>) throws -> ValueID,
        terms: (inout ExperimentGraph, ValueID, Range<Int>) throws -> [ValueID]
    ) throws -> [ValueID] {
        let size = try source.largestPortion(count, of: method, settings: settings)
        let portions = (count + size - 1) / size
        note(count: count, portions: portions)
        layer = try source.layer(of: method)
        var totals: [ValueID] = []
        for portion in 0..<portions {
            let range = portion * count / portions..<(portion + 1) * count / portions
            let flat = Shape([range.count * batch] + sampleShape.dimensions)
            let made = nodes.reshape(try points(&self, range), to: flat)
            let copy = try source.copy(of: method, points: range.count)
            guard nodes.graph.nodes.count + copy.program.nodes.count < Self.largestNodeCount else {
                throw ExplanationError.unsuitable(
                    method: method.label,
                    reason:
                        "the file would hold more than \(Self.largestNodeCount) nodes; ask for fewer runs, or give more --memory"
                )
            }
            let result = try source.insert(copy, points: made, count: range.count, into: &nodes)
            let grouped = nodes.reshape(
                result, to: Shape([range.count, batch] + copy.resultShape.dimensions.dropFirst()))
            let addends = try terms(&self, grouped, range)
            totals = totals.isEmpty ? addends : zip(totals, addends).map { nodes.emit("Add", [$0, $1]) }
        }
        return totals
    }

    private mutating func note(count: Int, portions: Int) {
        let way =
            portions == 1
            ? "one copy of the model takes them as one batch"
            : portions == count
                ? "\(portions) copies of the model follow one another"
                : "\(portions) copies of the model, which share their weights, take up to \((count + portions - 1) / portions) at once"
        let text = "the file asks the model about \(count) inputs a sample: \(way)"
        if !notes.contains(text) { notes.append(text) }
    }

    /// The sum over the first axis.
    package mutating func sum(_ value: ValueID) -> ValueID {
        nodes.emit("ReduceSum", [value, nodes.integers([0])], ["keepdims": .integer(0)])
    }

    /// The mean of a few values.
    package mutating func mean(_ values: [ValueID]) -> ValueID {
        guard values.count > 1 else { return values[0] }
        return nodes.emit("Mul", [nodes.emit("Sum", values), nodes.scalar(1 / Double(values.count))])
    }

    /// The same numbers as another type.
    package mutating func cast(_ value: ValueID, to type: ElementType) -> ValueID {
        nodes.emit("Cast", [value], ["to": .integer(Int(type.rawValue))])
    }

    /// `start + position (input - start)` for every position, `[n, B, …]`, rounded once, as `StraightLine.point` does: one bit of
    /// a pixel can turn a rectifier over.
    package mutating func line(from start: ValueID, to positions: [Double]) throws -> ValueID {
        let from = cast(start, to: .float64)
        let change = nodes.emit("Sub", [cast(input, to: .float64), from])
        let along = nodes.constant(
            AnyTensor(try Tensor<Double>(shape: pointShape(positions.count), elements: positions)), name: "positions")
        return cast(nodes.emit("Add", [from, nodes.emit("Mul", [along, change])]), to: .float32)
    }

    /// Numbers along the first axis of a portion, `[n, 1, 1, …]`, for broadcasting over points.
    package mutating func perPoint(_ values: [Double]) throws -> ValueID {
        nodes.constant(
            AnyTensor(try Tensor(shape: pointShape(values.count), elements: values.map { Float($0) })))
    }

    private func pointShape(_ count: Int) -> Shape { Shape([count, 1] + sampleShape.dimensions.map { _ in 1 }) }

    /// Given inputs as a constant `[n, 1 or B, …]`, where each holds one sample's or all samples'; nil where they fit neither.
    package mutating func given(_ inputs: Tensor<Float>, count: Int) -> ValueID? {
        let single = sampleShape.dimensions
        let rows = [[count], [count, 1], [count, batch]].first { $0 + single == inputs.shape.dimensions }
        guard let rows else { return nil }
        let shape = Shape([count, rows.count > 1 ? rows[1] : 1] + single)
        return (try? inputs.reshaped(shape)).map { nodes.constant(AnyTensor($0), name: "given") }
    }
}
