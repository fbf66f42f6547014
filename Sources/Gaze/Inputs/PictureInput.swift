import Explanations
import Graphs
import Imaging
import Tensors

/// The input of a model that takes the photograph, with a shape that runs.
struct PictureInput {
    let name: String
    let elementType: ElementType
    /// Four lengths, the free ones chosen.
    let shape: Shape
    /// The axis of the channels: what the graph takes for them, else a guess; nil where nothing was open and nothing tells.
    let channelAxis: Int?
    /// What was chosen and why.
    let reasons: [PreprocessingGuess]
    /// What the graph does to the picture by itself.
    let graphPreprocessing: GraphPreprocessing
    /// How many channels the model declares, or its first layer reads; nil where nothing tells.
    let declaredChannels: Int?
    /// What the file states about itself.
    let metadata: ModelMetadata
    /// Set where no size that was tried runs, or the given one does not.
    let problem: GazeError?

    /// What the other inputs hold, by name.
    private let further: [String: Shape]

    /// The shapes of all inputs beside this one's.
    var shapes: [String: Shape] { further.merging([name: shape]) { _, own in own } }

    /// The input of this name, else the first one with four axes, of which one can hold channels, that is not given otherwise; an
    /// input of undeclared shape is tried.
    ///
    /// - Parameters:
    ///   - named: The input that takes the photograph; nil is the first that can.
    ///   - given: What the other inputs hold.
    ///   - size: The height and width that somebody gave; nil finds one where the model leaves it open.
    init(
        of model: Model, attributor: Attributor, named: String? = nil, given: [String: GivenInput] = [:],
        size: [Int]? = nil
    ) throws {
        let port = try Self.port(of: model, named: named, given: given, attributor)
        guard let candidate = Self.candidate(port, in: model, attributor) else {
            throw Self.noPicture([port], "four axes are needed, one of them for channels")
        }
        name = port.name
        elementType = Self.pictureType(port.elementType)
        metadata = model.metadata
        let known = candidate.preprocessing
        declaredChannels =
            known.channelCount
            ?? (port.dimensions.isEmpty ? nil : port.dimensions[candidate.shapes[0].isLast ? 3 : 1].length)
        let others = OtherInputs(of: model, given: given, attributor: attributor)
        let choice = try Self.choice(
            port, candidate, attributor, others, size: size,
            known: model.metadata.inputSize.map { [$0.height, $0.width] })
        further = try others.shapes(beside: choice.shape)
        (shape, channelAxis, reasons, problem) = (choice.shape, choice.channelAxis, choice.reasons, choice.problem)
        // Constants that the exporter left to compute are known once the shape is.
        var graphPreprocessing = known
        if known.range == nil, choice.problem == nil,
            let graph = try? attributor.specialisedGraph(for: further.merging([port.name: choice.shape]) { $1 }),
            let input = graph.inputs.first(where: { graph[$0].name == port.name })
        {
            let folded = graph.preprocessing(of: input)
            if folded.range != nil || known.channelCount == nil { graphPreprocessing = folded }
        }
        self.graphPreprocessing = graphPreprocessing
    }

    /// A further input that takes a picture, of a shape that is known.
    init(_ port: Model.Port, shape: Shape, in model: Model, attributor: Attributor) throws {
        guard let candidate = Self.candidate(port, in: model, attributor) else {
            throw Self.noPicture([port], "four axes are needed, one of them for channels")
        }
        name = port.name
        elementType = Self.pictureType(port.elementType)
        self.shape = shape
        channelAxis = candidate.shapes[0].channelAxis ?? (candidate.shapes[0].isLast ? 3 : 1)
        (reasons, problem, further) = ([], nil, [:])
        declaredChannels = nil
        metadata = model.metadata
        graphPreprocessing = candidate.preprocessing
    }

    /// The shape of a further input that takes a picture, of the photograph's size where it leaves its own open; nil where it takes none.
    static func shape(of port: Model.Port, in model: Model, beside photograph: Shape, attributor: Attributor) -> Shape?
    {
        guard let open = candidate(port, in: model, attributor)?.shapes.first, let axes = PictureAxes(photograph) else {
            return nil
        }
        return open.filled([axes.height, axes.width])
    }

    private static func port(
        of model: Model, named: String?, given: [String: GivenInput], _ attributor: Attributor
    ) throws -> Model.Port {
        let ports = model.inputs
        let names = ports.map(\.name)
        if let stranger = (given.keys.sorted() + [named].compactMap(\.self)).first(where: { !names.contains($0) }) {
            throw GraphError.unknownInput(name: stranger, known: names)
        }
        if let named, given[named] != nil {
            throw GazeError.unsuitableInput(
                name: named,
                reason: "it takes the photograph that is explained, and --input gives something else for it")
        }
        let able = ports.filter { candidate($0, in: model, attributor) != nil }
        guard let port = ports.first(where: { $0.name == named }) ?? able.first(where: { given[$0.name] == nil }) else {
            throw noPicture(
                ports,
                able.isEmpty
                    ? "four axes are needed, one of them for channels"
                    : "--input gives something for every one that could; leave one out for the photograph")
        }
        let missing = ports.filter { $0.name != port.name && given[$0.name] == nil }
        guard missing.isEmpty else {
            let first = missing[0]
            let isNumber = first.dimensions.allSatisfy { ($0.length ?? 1) == 1 } && first.dimensions.count < 4
            let example =
                isNumber
                ? "0.5" : candidate(first, in: model, attributor) != nil ? "picture.png" : "\(first.name).npy"
            throw GazeError.missingInputs(
                picture: port.name, missing: missing.map(\.description), example: "\(first.name)=\(example)")
        }
        return port
    }

    private static func noPicture(_ ports: [Model.Port], _ reason: String) -> GazeError {
        let texts = ports.map {
            "\($0.name) \($0.elementType)[\($0.dimensions.map(\.description).joined(separator: ", "))]"
        }
        return .noPictureInput(inputs: texts, reason: reason)
    }

    /// Half-precision inputs are fed with converted float32.
    private static func pictureType(_ type: ElementType) -> ElementType {
        [.float16, .bfloat16, .float64].contains(type) ? .float32 : type
    }

    /// An input that may take pictures.
    private struct Candidate {
        let input: ValueID
        /// The shapes that it may have, likeliest first.
        let shapes: [PictureSize.Open]
        let preprocessing: GraphPreprocessing
    }

    /// Nil where an input takes no picture.
    private static func candidate(
        _ port: Model.Port, in model: Model, _ attributor: Attributor
    ) -> Candidate? {
        guard let input = model.graph.inputs.first(where: { model.graph[$0].name == port.name }) else { return nil }
        let known = model.graph.preprocessing(of: input)
        var shape = port.dimensions.isEmpty ? [Int?](repeating: nil, count: 4) : port.dimensions.map(\.length)
        guard shape.count == 4 else { return nil }
        if let axis = known.channelAxis, let count = known.channelCount, shape[axis] == nil { shape[axis] = count }
        if shape[0] == nil { shape[0] = 1 }
        func open(_ lengths: [Int?], _ axis: Int?) -> PictureSize.Open? {
            let guess = try? Preprocessing.guess(
                inputShape: lengths, elementType: pictureType(port.elementType), channelAxis: axis)
            return guess.map {
                PictureSize.Open(lengths: lengths, channelAxis: axis, isLast: $0.preprocessing.layout == .nhwc)
            }
        }
        let graph = fixed(shape).flatMap { try? attributor.specialisedGraph(for: [port.name: $0]) } ?? model.graph
        let axis =
            graph.value(named: port.name).flatMap { graph.channelAxis(of: $0) }
            ?? known.channelAxis
        // Where nothing tells the channels, both layouts are tried.
        if shape[1] == nil, shape[3] == nil {
            let shapes = [(1, 3), (3, 3), (1, 1), (3, 1)].map { axis, count -> PictureSize.Open? in
                var guess = shape
                guess[axis] = count
                return open(guess, axis)
            }
            return shapes[0].map { _ in
                Candidate(input: input, shapes: shapes.compactMap { $0 }, preprocessing: known)
            }
        }
        return open(shape, axis).map { Candidate(input: input, shapes: [$0], preprocessing: known) }
    }

    private static func fixed(_ shape: [Int?]) -> Shape? {
        let lengths = shape.compactMap { $0 }
        return lengths.count == shape.count ? Shape(lengths) : nil
    }

    /// A shape with what was chosen on the way, and what speaks against it.
    private struct Choice {
        var shape: Shape
        var channelAxis: Int?
        var reasons: [PreprocessingGuess] = []
        var problem: GazeError?
    }

    /// The declared shape, with a word where its lengths alone tell the channels.
    private static func declared(
        _ shape: Shape, _ open: PictureSize.Open, _ port: Model.Port, _ attributor: Attributor, _ others: OtherInputs
    ) throws -> Choice {
        if let axis = open.channelAxis { return Choice(shape: shape, channelAxis: axis) }
        let shapes = try others.shapes(beside: shape).merging([port.name: shape]) { $1 }
        let graph = try? attributor.specialisedGraph(for: shapes)
        let guess = graph.flatMap { graph in graph.value(named: port.name).flatMap { graph.layoutGuess(of: $0) } }
        let sentence = guess.map { "\($0.prefix(1).uppercased())\($0.dropFirst()); change with --layout." }
        return Choice(
            shape: shape, channelAxis: open.isLast ? 3 : 1,
            reasons: sentence.map { [PreprocessingGuess(.layout, $0)] } ?? [])
    }

    /// A shape that runs: the declared one, that of a given size, or one that is found.
    private static func choice(
        _ port: Model.Port, _ candidate: Candidate, _ attributor: Attributor, _ others: OtherInputs, size: [Int]?,
        known: [Int]?
    ) throws -> Choice {
        let open = candidate.shapes
        if let shape = fixed(open[0].lengths) { return try declared(shape, open[0], port, attributor, others) }
        let declared = "\(port.name) [\(port.dimensions.map(\.description).joined(separator: ", "))]"
        let exported = others.sizes + [known, candidate.preprocessing.resized].compactMap { $0 }
        var sizes = PictureSize(of: port.name, input: candidate.input, beside: others, in: attributor)
        if let size {
            let given = open.compactMap { open in open.filled(size).map { (shape: $0, axis: open.channelAxis) } }
            let problems = try given.map { try sizes.problem(at: $0.shape, channelAxis: $0.axis) }
            if let fitting = problems.firstIndex(where: { $0 == nil }) {
                return Choice(shape: given[fitting].shape, channelAxis: given[fitting].axis)
            }
            let other = try sizes.found(open, known: exported)
            let problem = GazeError.unsuitableSize(
                input: declared, size: "\(size[1])x\(size[0])", reason: problems.compactMap { $0 }.first ?? "",
                other: other.map { "\($0.sides[1])x\($0.sides[0])" })
            return Choice(shape: given.first?.shape ?? [1, 3, 224, 224], problem: problem)
        }
        guard let found = try sizes.found(open, known: exported) else {
            let problem = GazeError.pictureSize(
                input: declared, tried: sizes.tried.prefix(6).map { "\($0)" }, reason: sizes.reason)
            return Choice(shape: sizes.tried.first ?? [1, 3, 224, 224], problem: problem)
        }
        var reason = "it is the usual size"
        if others.sizes.contains(found.sides) {
            reason = "an array for another input has that size"
        } else if let known, known == found.sides {
            reason = "the file names that size"
        } else if let size = candidate.preprocessing.resized, size == found.sides {
            reason = "the graph resizes to that"
        } else if !sizes.tried.isEmpty {
            reason = "the model does not run with \(sizes.tried.prefix(4).map { "\($0)" }.joined(separator: ", "))"
        }
        let sentence =
            "The input \(declared) leaves the size of pictures open; took \(found.shape), because \(reason); change with --resize."
        return Choice(
            shape: found.shape, channelAxis: found.channelAxis, reasons: [PreprocessingGuess(.size, sentence)])
    }
}
