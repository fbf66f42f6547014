import Differentiation
import Graphs
import Runtime
import Tensors

/// What a model consists of and what can be explained about it.
public struct ModelInspection: Sendable, Codable {
    /// An operator of the model.
    public struct OperatorUse: Sendable, Codable {
        /// The name, with its domain where that is not ONNX's own.
        public let name: String
        /// How many nodes apply it.
        public let count: Int
        /// How it is differentiated: `true derivative`, `no rule`, …
        public let rule: String
    }

    /// A place where a map can be made.
    public struct LayerEntry: Sendable, Codable {
        /// The human name, for `--layer`.
        public let name: String
        /// The ONNX tensor, also for `--layer`.
        public let tensor: String
        /// What computes it.
        public let operation: String
        /// The shape for one sample at the sizes inspected.
        public let shape: [Int]
        /// Side of the input square that a cell sees, in pixels; nil where it sees everything or that is not known.
        public let receptiveField: Int?
        /// Input pixels from one cell to the next.
        public let stride: Int?
    }

    /// Inputs with types and dimensions, as text.
    public let inputs: [String]
    /// Outputs, likewise.
    public let outputs: [String]
    /// Weights, in numbers.
    public let parameters: Int
    /// Operators by falling count.
    public let operators: [OperatorUse]
    /// Spatial maps on the way from the first input to the first output, in order.
    public let layers: [LayerEntry]
    /// The layer that would be taken, with the reason.
    public let automaticLayer: String?
    /// Why no layer list could be made.
    public let problem: String?
    /// What can be used, and why not the rest.
    public let families: [String]

    /// Inspects a model at the sizes that it declares; open lengths are taken as 1 sample and 224 pixels.
    public init(_ model: Model) {
        let graph = model.graph
        func text(_ port: Model.Port) -> String {
            "\(port.name): \(port.elementType)[\(port.dimensions.map(\.description).joined(separator: ", "))]"
        }
        inputs = model.inputs.map(text)
        outputs = model.outputs.map(text)
        parameters = graph.values.reduce(0) { sum, value in
            sum + (value.constant.map { $0.elementType.isFloatingPoint ? $0.shape.count : 0 } ?? 0)
        }
        var counts: [String: (count: Int, rule: String)] = [:]
        for node in graph.nodes {
            let rule = Composite.derivative.rule(for: node, in: graph)?.character.rawValue ?? "no rule"
            counts[node.qualifiedOperation, default: (0, rule)].count += 1
        }
        operators = counts.map { OperatorUse(name: $0.key, count: $0.value.count, rule: $0.value.rule) }
            .sorted { ($0.count, $1.name) > ($1.count, $0.name) }
        var layers: [LayerEntry] = []
        var automatic: String?
        var problem: String?
        var families: [String] = []
        do {
            let shapes = Self.exampleShapes(model)
            let known = try graph.specialised(to: shapes, by: EngineEvaluator(model.engine))
            if let input = known.inputs.first, let output = known.outputs.first?.value {
                layers = Self.entries(known, from: input, to: output)
                let choice = try? known.automaticLayer(from: input, to: output)
                automatic = choice.map { "\($0.layer.name): \($0.reason)" }
                families = Self.families(known, input: input, output: output, layer: choice?.layer)
            }
        } catch {
            problem = "\(error)"
        }
        self.layers = layers
        automaticLayer = automatic
        self.problem = problem
        self.families = families
    }

    private static func exampleShapes(_ model: Model) -> [String: Shape] {
        var shapes: [String: Shape] = [:]
        for port in model.inputs {
            let isPicture = port.dimensions.count == 4
            shapes[port.name] = Shape(
                port.dimensions.enumerated().map { axis, dimension in
                    if let length = dimension.length { return length }
                    guard isPicture, axis > 0 else { return 1 }
                    let channelsLast = [1, 3, 4].contains(port.dimensions[3].length ?? 0)
                    return axis == 1 && !channelsLast ? 3 : 224
                })
        }
        return shapes
    }

    private static func entries(_ graph: Graph, from input: ValueID, to output: ValueID) -> [LayerEntry] {
        let path = graph.path(from: input, to: output)
        let fields = graph.receptiveFields(from: input)
        return graph.layers().filter { path.isOnPath[$0.value.index] && $0.isSpatial }.map { layer in
            let field = fields[layer.value]
            return LayerEntry(
                name: layer.name, tensor: layer.tensorName, operation: layer.operation, shape: layer.shape.dimensions,
                receptiveField: field?.map(\.size).max(), stride: field?.map(\.stride).max())
        }
    }

    private static func families(_ graph: Graph, input: ValueID, output: ValueID, layer: Layer?) -> [String] {
        var lines = ["score, activation, output: yes"]
        if graph[input].type?.isFloatingPoint != true {
            lines = ["the input '\(graph[input].name)' holds no floating-point numbers; choose another with --wrt"]
        }
        func attempt(_ name: String, _ body: () throws -> Void) {
            do {
                try body()
                lines.append("\(name): yes")
            } catch {
                lines.append("\(name): no. \(error)")
            }
        }
        attempt("cam") { _ = try graph.averagingHead(endingIn: output) }
        if let layer {
            attempt("gradcam, layer-gradient at the automatic layer") {
                _ = try graph.differentiated([output], withRespectTo: [layer.value])
            }
        }
        attempt("gradient, gradient-x-input") { _ = try graph.differentiated([output], withRespectTo: [input]) }
        return lines
    }
}
