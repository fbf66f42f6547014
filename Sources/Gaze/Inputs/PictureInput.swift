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

    /// The axis of the channels: the one that the graph takes for them, else a guess by the lengths; nil where the shape was open.
    let channelAxis: Int?

    /// The input of this name, else the first one with four axes, of which one can hold channels, that is not given otherwise; an
    /// input of undeclared shape is tried.
    ///
    /// - Parameters:
    ///   - size: The height and width that somebody gave; nil finds one where the model leaves it open.
    ///   - named: The input that takes the photograph; nil is the first that can.
    ///   - given: What the other inputs hold.
    init(
        of model: Model, attributor: Attributor, size: [Int]? = nil, named: String? = nil,
        given: [String: GivenInput] = [:]
    ) throws {
        let port = try Self.port(of: model, attributor, named: named, given: given)
        guard let candidate = Self.candidate(port, in: model, attributor) else {
            throw Self.noPicture([port], Self.need)
        }
        let others = OtherInputs(model: model, attributor: attributor, given: given)
        name = port.name
        elementType = Self.pictureType(port.elementType)
        metadata = model.metadata
        let known = candidate.preprocessing
        let choice = Self.choice(
            port, candidate, others, size: size, known: model.metadata.inputSize.map { [$0.height, $0.width] })
        (shape, reasons, problem, channelAxis) = (choice.shape, choice.reasons, choice.problem, choice.channelAxis)
        let isLast = channelAxis.map { $0 == 3 } ?? candidate.isLast(candidate.shapes[0])
        declaredChannels =
            known.channelCount ?? (port.dimensions.isEmpty ? nil : port.dimensions[isLast ? 3 : 1].length)
        // Constants that the exporter left to compute are known once the shape is.
        var graphPreprocessing = known
        if known.range == nil, choice.problem == nil,
            let graph = try? others.graph(with: port.name, of: choice.shape),
            let input = graph.inputs.first(where: { graph[$0].name == port.name })
        {
            let folded = graph.preprocessing(of: input)
            if folded.range != nil || known.channelCount == nil { graphPreprocessing = folded }
        }
        self.graphPreprocessing = graphPreprocessing
    }

    /// A further input that takes a picture, of a shape that is known.
    init(_ port: Model.Port, shape: Shape, in model: Model, _ attributor: Attributor) throws {
        guard let candidate = Self.candidate(port, in: model, attributor) else {
            throw Self.noPicture([port], Self.need)
        }
        name = port.name
        elementType = Self.pictureType(port.elementType)
        metadata = model.metadata
        self.shape = shape
        channelAxis = candidate.channelAxis
        (reasons, problem) = ([], nil)
        declaredChannels = candidate.preprocessing.channelCount
        graphPreprocessing = candidate.preprocessing
    }

    /// The shape of a further input that takes a picture, of the photograph's size where it leaves its own open; nil where it takes none.
    ///
    /// - Parameter photograph: Height and width of the photograph's input.
    static func shape(
        of port: Model.Port, in model: Model, _ attributor: Attributor, beside photograph: [Int]
    ) -> Shape? {
        guard let candidate = candidate(port, in: model, attributor), let lengths = candidate.shapes.first else {
            return nil
        }
        return PictureSize.Open(lengths: lengths, isLast: candidate.isLast(lengths)).filled(photograph)
    }

    private static let need = "four axes are needed, one of them for channels"

    private static func port(
        of model: Model, _ attributor: Attributor, named: String?, given: [String: GivenInput]
    ) throws -> Model.Port {
        let ports = model.inputs
        let names = ports.map(\.name)
        if let stranger = (given.keys.sorted() + [named].compactMap(\.self)).first(where: { !names.contains($0) }) {
            throw GraphError.unknownInput(name: stranger, known: names)
        }
        if let named, given[named] != nil {
            throw GazeError.unsuitableInput(
                name: named, reason: "it takes the photograph that is explained, and --input gives something else for it")
        }
        let able = ports.filter { candidate($0, in: model, attributor) != nil }
        guard let port = ports.first(where: { $0.name == named }) ?? able.first(where: { given[$0.name] == nil }) else {
            throw noPicture(
                ports,
                able.isEmpty
                    ? need : "--input gives something for every one that could; leave one out for the photograph")
        }
        let missing = ports.filter { $0.name != port.name && given[$0.name] == nil }
        guard missing.isEmpty else {
            let first = missing[0]
            let isNumber = first.dimensions.allSatisfy { ($0.length ?? 1) == 1 } && first.dimensions.count < 4
            let example =
                isNumber ? "0.5" : candidate(first, in: model, attributor) != nil ? "picture.png" : "\(first.name).npy"
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
        /// The shapes that it may have, likeliest first, open lengths nil.
        let shapes: [[Int?]]
        /// The axis that the graph takes for the channels; nil where it does not tell.
        let channelAxis: Int?
        let preprocessing: GraphPreprocessing

        /// Whether channels stand last in one of the shapes.
        func isLast(_ shape: [Int?]) -> Bool {
            (try? Preprocessing.guess(inputShape: shape, elementType: .float32, channelAxis: channelAxis))
                .map { $0.preprocessing.layout == .nhwc } ?? false
        }
    }

    /// Nil where an input takes no picture.
    private static func candidate(_ port: Model.Port, in model: Model, _ attributor: Attributor) -> Candidate? {
        guard let input = model.graph.inputs.first(where: { model.graph[$0].name == port.name }) else { return nil }
        let known = model.graph.preprocessing(of: input)
        var shape = port.dimensions.isEmpty ? [Int?](repeating: nil, count: 4) : port.dimensions.map(\.length)
        guard shape.count == 4 else { return nil }
        if let axis = known.channelAxis, let count = known.channelCount, shape[axis] == nil { shape[axis] = count }
        if shape[0] == nil { shape[0] = 1 }
        let axis = graph(for: shape, of: port, in: model, attributor).flatMap { graph in
            graph.value(named: port.name).flatMap { graph.channelAxis(of: $0) }
        }
        func takes(_ shape: [Int?]) -> Bool {
            (try? Preprocessing.guess(
                inputShape: shape, elementType: pictureType(port.elementType), channelAxis: axis)) != nil
        }
        // Where nothing tells the channels, both layouts are tried.
        if shape[1] == nil, shape[3] == nil {
            let shapes = [(1, 3), (3, 3), (1, 1), (3, 1)].map { axis, count in
                var guess = shape
                guess[axis] = count
                return guess
            }
            return takes(shapes[0])
                ? Candidate(input: input, shapes: shapes, channelAxis: axis, preprocessing: known) : nil
        }
        return takes(shape)
            ? Candidate(input: input, shapes: [shape], channelAxis: axis, preprocessing: known) : nil
    }

    /// The model at a shape; as it stands in the file where lengths are open, or it does not take that shape.
    private static func graph(
        for shape: [Int?], of port: Model.Port, in model: Model, _ attributor: Attributor
    ) -> Graph? {
        let lengths = shape.compactMap { $0 }
        guard lengths.count == shape.count else { return model.graph }
        var shapes = [port.name: Shape(lengths)]
        for other in model.inputs where other.name != port.name {
            let declared = other.dimensions.compactMap(\.length)
            if declared.count == other.dimensions.count { shapes[other.name] = Shape(declared) }
        }
        return (try? attributor.specialisedGraph(for: shapes)) ?? model.graph
    }

    /// A shape with what was chosen on the way, and what speaks against it.
    private struct Choice {
        var shape: Shape
        var channelAxis: Int?
        var reasons: [PreprocessingGuess] = []
        var problem: GazeError?
    }

    /// A shape that runs: the declared one, that of a given size, or one that is found.
    private static func choice(
        _ port: Model.Port, _ candidate: Candidate, _ others: OtherInputs, size: [Int]?, known: [Int]?
    ) -> Choice {
        if let shape = candidate.shapes.first, !shape.contains(nil) {
            return declared(Shape(shape.map { $0 ?? 1 }), port, candidate, others)
        }
        let declared = "\(port.name) [\(port.dimensions.map(\.description).joined(separator: ", "))]"
        let exported = [known, candidate.preprocessing.resized].compactMap { $0 }
        var sizes = PictureSize(of: port.name, input: candidate.input, beside: others)
        let open = candidate.shapes.map { PictureSize.Open(lengths: $0, isLast: candidate.isLast($0)) }
        if let size {
            let given = open.compactMap { $0.filled(size) }
            let problems = given.map { sizes.problem(at: $0) }
            if let fitting = problems.firstIndex(where: { $0 == nil }) {
                return Choice(shape: given[fitting], channelAxis: candidate.channelAxis)
            }
            let other = sizes.found(open, known: exported)
            let problem = GazeError.unsuitableSize(
                input: declared, size: "\(size[1])x\(size[0])", reason: problems.compactMap { $0 }.first ?? "",
                other: other.map { "\($0.sides[1])x\($0.sides[0])" })
            return Choice(
                shape: given.first ?? [1, 3, 224, 224], channelAxis: candidate.channelAxis, problem: problem)
        }
        guard let found = sizes.found(open, known: exported) else {
            let problem = GazeError.pictureSize(
                input: declared, tried: sizes.tried.prefix(6).map { "\($0)" }, reason: sizes.reason)
            return Choice(
                shape: sizes.tried.first ?? [1, 3, 224, 224], channelAxis: candidate.channelAxis, problem: problem)
        }
        var reason = "it is the usual size"
        if let known, known == found.sides {
            reason = "the file names that size"
        } else if let size = candidate.preprocessing.resized, size == found.sides {
            reason = "the graph resizes to that"
        } else if !sizes.tried.isEmpty {
            reason = "the model does not run with \(sizes.tried.prefix(4).map { "\($0)" }.joined(separator: ", "))"
        }
        let sentence =
            "The input \(declared) leaves the size of pictures open; took \(found.shape), because \(reason); change with --resize."
        return Choice(
            shape: found.shape, channelAxis: candidate.channelAxis ?? (found.isLast ? 3 : 1),
            reasons: [PreprocessingGuess(.size, sentence)])
    }

    /// The shape that the file declares, whose channels are told by the graph, else by the lengths.
    private static func declared(
        _ shape: Shape, _ port: Model.Port, _ candidate: Candidate, _ others: OtherInputs
    ) -> Choice {
        if let axis = candidate.channelAxis { return Choice(shape: shape, channelAxis: axis) }
        let guessed = PictureAxes(shape)?.channelAxis
        let sentence = (try? others.graph(with: port.name, of: shape)).flatMap { graph in
            graph.value(named: port.name).flatMap { graph.layoutGuess(of: $0) }
        }
        return Choice(
            shape: shape, channelAxis: guessed.flatMap { [1, 3, 4].contains(shape[$0]) ? $0 : nil },
            reasons: sentence.map {
                [PreprocessingGuess(.layout, "\($0.prefix(1).uppercased())\($0.dropFirst()); change with --layout.")]
            } ?? [])
    }
}
