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
    /// The axis of the channels: what the graph takes for them, else a guess; nil where the shape was open.
    let channelAxis: Int?
    /// What was chosen and why.
    let reasons: [String]
    /// What the graph does to the picture by itself.
    let graphPreprocessing: GraphPreprocessing
    /// Set where no size that was tried runs: the user has to name one.
    let problem: GazeError?

    /// Sides that models are trained with, in the order in which they are tried.
    private static let sides = [224, 256, 299, 384, 512, 640, 160, 128, 96, 64, 32, 28]

    /// The only input with four axes, of which one can hold channels; an input of undeclared shape is tried.
    init(of model: Model, attributor: Attributor) throws {
        let ports = model.inputs
        guard let port = ports.first(where: { Self.candidate($0, in: model, attributor) != nil }),
            let candidate = Self.candidate(port, in: model, attributor)
        else {
            let texts = ports.map {
                "\($0.name) \($0.elementType)[\($0.dimensions.map(\.description).joined(separator: ", "))]"
            }
            throw GazeError.noPictureInput(inputs: texts, reason: "four axes with 1, 3 or 4 channels are needed")
        }
        guard ports.count == 1 else {
            throw GazeError.furtherInputs(names: ports.map(\.name).filter { $0 != port.name })
        }
        name = port.name
        elementType = Self.pictureType(port.elementType)
        let declared = "\(port.name) [\(port.dimensions.map(\.description).joined(separator: ", "))]"
        graphPreprocessing = candidate.preprocessing
        func graph(for shape: Shape) -> Graph? { try? attributor.specialisedGraph(for: [port.name: shape]) }
        func runs(_ shape: Shape, channelAxis: Int?) -> Bool {
            guard let graph = graph(for: shape), let input = graph.value(named: port.name) else { return false }
            // The graph may read another axis than the one that is tried.
            if let channelAxis, let own = graph.channelAxis(of: input), own != channelAxis { return false }
            // A reshape to fixed sides takes several of them for one larger picture.
            return graph.outputs.contains { graph.shape(of: $0.value)?.dimensions.first == 1 }
        }
        if let fixed = Self.fixed(candidate.shapes[0].lengths) {
            let guess = graph(for: fixed).flatMap { graph in
                graph.value(named: port.name).flatMap { graph.layoutGuess(of: $0) }
            }
            (self.shape, problem) = (fixed, nil)
            let known = candidate.shapes[0].channelAxis
            let guessed = PictureAxes(fixed)?.channelAxis
            channelAxis = known ?? guessed.flatMap { [1, 3, 4].contains(fixed[$0]) ? $0 : nil }
            let sentence = guess.map { "\($0.prefix(1).uppercased())\($0.dropFirst()); change with --layout." }
            reasons = known == nil ? sentence.map { [$0] } ?? [] : []
            return
        }
        var tried: [Shape] = []
        for open in candidate.shapes {
            for shape in Self.filled(open.lengths, channelAxis: open.channelAxis, graph: candidate.preprocessing) {
                tried.append(shape)
                guard runs(shape, channelAxis: open.channelAxis) else { continue }
                self.shape = shape
                channelAxis = open.channelAxis
                reasons = [
                    Self.sentence(declared, open: open.lengths, shape: shape, tried: tried, candidate.preprocessing)
                ]
                problem = nil
                return
            }
        }
        shape = tried.first ?? [1, 3, 224, 224]
        channelAxis = candidate.shapes[0].channelAxis
        reasons = []
        problem = .pictureSize(input: declared, tried: tried.prefix(6).map { "\($0)" })
    }

    /// Half-precision inputs are fed with converted float32.
    private static func pictureType(_ type: ElementType) -> ElementType {
        [.float16, .bfloat16, .float64].contains(type) ? .float32 : type
    }

    /// A shape that an input may have, open lengths nil, and where its channels stand; nil leaves that to the lengths.
    private typealias OpenShape = (lengths: [Int?], channelAxis: Int?)

    /// The shapes that an input may have, likeliest first; nil where it takes no picture.
    private static func candidate(
        _ port: Model.Port, in model: Model, _ attributor: Attributor
    ) -> (shapes: [OpenShape], preprocessing: GraphPreprocessing)? {
        guard let input = model.graph.inputs.first(where: { model.graph[$0].name == port.name }) else { return nil }
        let known = model.graph.preprocessing(of: input)
        var shape = port.dimensions.isEmpty ? [Int?](repeating: nil, count: 4) : port.dimensions.map(\.length)
        guard shape.count == 4 else { return nil }
        if let axis = known.channelAxis, let count = known.channelCount, shape[axis] == nil { shape[axis] = count }
        if shape[0] == nil { shape[0] = 1 }
        func takes(_ shape: OpenShape) -> Bool {
            (try? Preprocessing.guess(
                inputShape: shape.lengths, elementType: pictureType(port.elementType), channelAxis: shape.channelAxis))
                != nil
        }
        let graph = fixed(shape).flatMap { try? attributor.specialisedGraph(for: [port.name: $0]) } ?? model.graph
        let axis = graph.value(named: port.name).flatMap { graph.channelAxis(of: $0) } ?? known.channelAxis
        // Where nothing tells the channels, both layouts are tried.
        if shape[1] == nil, shape[3] == nil {
            let shapes = [(1, 3), (3, 3), (1, 1), (3, 1)].map { axis, count -> OpenShape in
                var guess = shape
                guess[axis] = count
                return (guess, axis)
            }
            return takes(shapes[0]) ? (shapes, known) : nil
        }
        return takes((shape, axis)) ? ([(shape, axis)], known) : nil
    }

    private static func fixed(_ shape: [Int?]) -> Shape? {
        let lengths = shape.compactMap { $0 }
        return lengths.count == shape.count ? Shape(lengths) : nil
    }

    /// The open sides filled: by the size to which the graph resizes, by the other side, else by usual ones.
    private static func filled(_ shape: [Int?], channelAxis: Int?, graph: GraphPreprocessing) -> [Shape] {
        let isLast =
            channelAxis.map { $0 == 3 } ?? ([1, 3, 4].contains(shape[3] ?? 0) && ![1, 3, 4].contains(shape[1] ?? 0))
        let (height, width) = isLast ? (1, 2) : (2, 3)
        func with(_ sides: [Int]) -> Shape? {
            var filled = shape
            filled[height] = filled[height] ?? sides[0]
            filled[width] = filled[width] ?? sides[1]
            return fixed(filled)
        }
        if let known = shape[height] ?? shape[width] { return [with([known, known])].compactMap { $0 } }
        return (graph.resized.map { [$0] } ?? []).compactMap(with) + sides.compactMap { with([$0, $0]) }
    }

    private static func sentence(
        _ declared: String, open: [Int?], shape: Shape, tried: [Shape], _ graph: GraphPreprocessing
    ) -> String {
        var reason = "it is the usual size"
        if let size = graph.resized, size.allSatisfy({ shape.dimensions.contains($0) }), tried.count == 1 {
            reason = "the graph resizes to that"
        } else if tried.count > 1 {
            reason = "the model does not run with \(tried.dropLast().prefix(4).map { "\($0)" }.joined(separator: ", "))"
        }
        return
            "The input \(declared) leaves the size of pictures open; took \(shape), because \(reason); change with --resize."
    }
}
