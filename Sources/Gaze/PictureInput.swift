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
        guard let port = ports.first(where: { Self.candidate($0, in: model) != nil }),
            let candidate = Self.candidate(port, in: model)
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
        func runs(_ shape: Shape) -> Bool {
            let graph = try? attributor.specialisedGraph(for: [port.name: shape])
            // A reshape to fixed sides takes several of them for one larger picture.
            return graph?.outputs.contains { graph?.shape(of: $0.value)?.dimensions.first == 1 } == true
        }
        if let shape = candidate.shapes.first, let fixed = Self.fixed(shape) {
            (self.shape, reasons, problem) = (fixed, [], nil)
            return
        }
        var tried: [Shape] = []
        for open in candidate.shapes {
            for shape in Self.filled(open, graph: candidate.preprocessing) {
                tried.append(shape)
                guard runs(shape) else { continue }
                self.shape = shape
                reasons = [Self.sentence(declared, open: open, shape: shape, tried: tried, candidate.preprocessing)]
                problem = nil
                return
            }
        }
        shape = tried.first ?? [1, 3, 224, 224]
        reasons = []
        problem = .pictureSize(input: declared, tried: tried.prefix(6).map { "\($0)" })
    }

    /// Half-precision inputs are fed with converted float32.
    private static func pictureType(_ type: ElementType) -> ElementType {
        [.float16, .bfloat16, .float64].contains(type) ? .float32 : type
    }

    /// The shapes that an input may have, likeliest first, open lengths nil; nil where it takes no picture.
    private static func candidate(
        _ port: Model.Port, in model: Model
    ) -> (shapes: [[Int?]], preprocessing: GraphPreprocessing)? {
        guard let input = model.graph.inputs.first(where: { model.graph[$0].name == port.name }) else { return nil }
        let known = model.graph.preprocessing(of: input)
        var shape = port.dimensions.isEmpty ? [Int?](repeating: nil, count: 4) : port.dimensions.map(\.length)
        guard shape.count == 4 else { return nil }
        if let axis = known.channelAxis, let count = known.channelCount, shape[axis] == nil { shape[axis] = count }
        if shape[0] == nil { shape[0] = 1 }
        func takes(_ shape: [Int?]) -> Bool {
            (try? Preprocessing.guess(inputShape: shape, elementType: pictureType(port.elementType))) != nil
        }
        // Where nothing tells the channels, both layouts are tried.
        if shape[1] == nil, shape[3] == nil {
            let shapes = [(1, 3), (3, 3), (1, 1), (3, 1)].map { axis, count in
                var guess = shape
                guess[axis] = count
                return guess
            }
            return takes(shapes[0]) ? (shapes, known) : nil
        }
        return takes(shape) ? ([shape], known) : nil
    }

    private static func fixed(_ shape: [Int?]) -> Shape? {
        let lengths = shape.compactMap { $0 }
        return lengths.count == shape.count ? Shape(lengths) : nil
    }

    /// The open sides filled: by the size to which the graph resizes, by the other side, else by usual ones.
    private static func filled(_ shape: [Int?], graph: GraphPreprocessing) -> [Shape] {
        let isLast = [1, 3, 4].contains(shape[3] ?? 0) && ![1, 3, 4].contains(shape[1] ?? 0)
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
