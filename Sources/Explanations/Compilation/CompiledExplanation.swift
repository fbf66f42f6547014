public import Foundation
public import Graphs
import ONNXFormat
import ONNXMessages
import Tensors

/// An explanation as an ONNX model that any engine runs.
public struct CompiledExplanation: Sendable {
    /// An input or output.
    public struct Port: Sendable, Hashable, Codable {
        /// The name.
        public let name: String
        /// The type of the elements: `f32`.
        public let type: String
        /// The length of every axis.
        public let shape: [Int]
    }

    /// What the results are called: `map`, `score` and `target`, unless the model has such names itself.
    public struct Names: Sendable, Hashable {
        /// The raw map.
        public let map: String
        /// The explained number of every sample.
        public let score: String
        /// The class of every sample, an input or an output.
        public let target: String
    }

    /// The names of the results.
    public let names: Names
    /// The model's inputs, and the class where it is given.
    public let inputs: [Port]
    /// The model's outputs, the map, the score, and the class where it is found inside.
    public let outputs: [Port]
    /// What was asked for.
    public let request: CompilationRequest
    /// The input that is explained.
    public let explained: String
    /// Where the map was made; nil where it is no layer.
    public let layer: LayerChoice?
    /// What is explained, in words.
    public let subject: String
    /// What a user should know.
    public let notes: [String]
    package let graph: Graph

    init(
        graph: Graph, names: Names, request: CompilationRequest, explained: String, layer: LayerChoice?,
        subject: String, notes: [String]
    ) {
        self.graph = graph
        self.names = names
        self.request = request
        self.explained = explained
        self.layer = layer
        self.subject = subject
        self.notes = notes
        inputs = graph.inputs.map { Port(graph, $0, name: graph[$0].name) }
        outputs = graph.outputs.map { Port(graph, $0.value, name: $0.name) }
    }

    /// All parameters of the method, with the defaults of those that were not given.
    public var parameters: [String: String] { request.method.completeParameters }

    /// What the file says about itself.
    ///
    /// - Parameters:
    ///   - model: The file that the explained model was read from.
    ///   - version: Gaze's version.
    public func metadata(model path: String, version: String) throws -> [String: String] {
        var entries = [
            "gaze.version": version, "gaze.method": request.method.name, "gaze.parameters": parameterText,
            "gaze.target": request.target.text, "gaze.subject": subject, "gaze.input": explained,
            "gaze.opset": "\(Graph.opset)", "gaze.model": URL(fileURLWithPath: path).lastPathComponent,
            "gaze.model.sha256": try ContentHash(contentsOf: path).description,
        ]
        if let layer {
            entries["gaze.layer"] = layer.layer.tensorName
            entries["gaze.layer.name"] = layer.layer.name
            entries["gaze.layer.reason"] = layer.reason
        }
        if !notes.isEmpty { entries["gaze.notes"] = notes.joined(separator: "\n") }
        return entries
    }

    private var parameterText: String {
        parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    /// The bytes of the file.
    ///
    /// - Throws: `ONNXFormatError.tooLarge` beyond 2 GiB.
    public func serialized(metadata: [String: String], version: String) throws -> Data {
        var graph = graph
        graph.metadata.merge(metadata) { $1 }
        var model = graph.model()
        model.producerVersion = version
        model.docString = text
        model.graph.name = request.method.name
        model.graph.docString = text
        return try ONNXFile.serialized(model, name: "The compiled explanation")
    }

    /// What it is, in a paragraph.
    public var text: String {
        let parameters = parameterText.isEmpty ? "" : " (\(parameterText))"
        let place = layer.map { " at the layer '\($0.layer.name)' (\($0.reason))" } ?? ""
        return
            "The model with an explanation: '\(names.map)' is the raw map of \(request.method.name)\(parameters)\(place) for the input '\(explained)', signed and not normalised; '\(names.score)' is the explained number of every sample, which is \(subject)."
    }
}

extension CompiledExplanation.Port {
    fileprivate init(_ graph: Graph, _ value: ValueID, name: String) {
        self.init(
            name: name, type: graph[value].type.map { "\($0)" } ?? "", shape: graph.shape(of: value)?.dimensions ?? [])
    }
}
