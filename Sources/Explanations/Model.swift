public import Graphs
import ONNXFormat
public import Runtime
public import Tensors

/// An ONNX model that questions can be asked of.
public final class Model: Sendable {
    /// What a model takes or gives.
    public struct Port: Sendable, Hashable, CustomStringConvertible {
        /// Its name in the file.
        public let name: String
        /// The type of its elements.
        public let elementType: ElementType
        /// What the file declares; empty where it declares no shape.
        public let dimensions: [Graph.Dimension]

        /// `image: f32[1, 3, height, width]`.
        public var description: String {
            "\(name): \(elementType)[\(dimensions.map(\.description).joined(separator: ", "))]"
        }
    }

    /// The file that it was read from.
    public let path: String
    /// The model as it was read, at `Graph.opset`.
    public let graph: Graph
    /// What the file states about itself: names of classes, a task, a size.
    public let metadata: ModelMetadata
    /// What runs it.
    public let engine: any Engine

    /// Reads a model; fails with the reason where the file is damaged, incomplete or of a kind that Gaze does not take.
    public init(contentsOf path: String, engine: any Engine) throws {
        self.path = path
        self.engine = engine
        graph = try Graph(contentsOf: path)
        try graph.checkDeclaredLengths()
        metadata = ModelMetadata(graph.metadata)
    }

    package init(graph: Graph, path: String = "", engine: any Engine) {
        self.path = path
        self.graph = graph
        self.engine = engine
        metadata = ModelMetadata(graph.metadata)
    }

    /// What the import changed about the model or noticed in it (half precision, training modes, weights that are NaN), one
    /// sentence each.
    public var notes: [String] { graph.notes }

    /// The inputs in the file's order.
    public var inputs: [Port] {
        graph.inputs.map { input in
            Port(
                name: graph[input].name, elementType: graph[input].type ?? .float32,
                dimensions: graph[input].declared ?? [])
        }
    }

    /// The outputs in the file's order; a type that the file leaves out reads as float32.
    public var outputs: [Port] {
        graph.outputs.map { output in
            Port(
                name: output.name, elementType: graph[output.value].type ?? .float32,
                dimensions: graph[output.value].declared ?? [])
        }
    }
}
