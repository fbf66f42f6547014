import Differentiation
import Graphs
import ONNXFormat
import ONNXMessages
public import Runtime
import Tensors

/// What a model consists of and what can be explained about it.
///
/// It comes about in stages (file, graph, shapes, derivative); a stage that fails leaves a problem in words, and what
/// the stages before it found stays.
public struct ModelInspection: Sendable, Codable {
    /// What the file says about itself.
    public let file: FileSummary
    /// Inputs with types and dimensions, as text.
    public let inputs: [String]
    /// Outputs, likewise; with the name as a target has it, where that is in quotes.
    public let outputs: [String]
    /// Weights, in numbers.
    public let parameters: Int
    /// Operators by falling count.
    public let operators: [OperatorUse]
    /// Spatial maps on the way from any picture input to any output, in order.
    public let layers: [LayerEntry]
    /// The layer that would be taken, with the reason.
    public let automaticLayer: String?
    /// The layers that would be taken for the picture inputs, where there are several.
    public let automaticLayers: [BranchLayer]
    /// What the output means, and how that is known; nil where it is of no kind that is known.
    public let head: HeadDescription?
    /// The layers that `gaze explain` tries on a picture, the automatic one first, with what speaks for each.
    public let candidates: [LayerCandidate]
    /// What the import changed about the model or noticed in it.
    public let notes: [String]
    /// What could not be found out and why, with the nearest remedy; empty where everything was.
    public let problems: [String]
    /// What can be used, and why not the rest.
    public let families: [MethodFamily]

    /// Inspects a file at the sizes that it declares; open lengths are taken as 1 sample and 224 pixels (of volumes 16 slices of 64 pixels).
    ///
    /// - Throws: Only where the file cannot be read as an ONNX model at all.
    public init(contentsOf path: String, engine: any Engine) throws {
        let message = try ONNXFile.readStructure(path: path)
        do {
            self.init(message, model: try Model(contentsOf: path, engine: engine), problem: nil)
        } catch {
            self.init(message, model: nil, problem: "\(error)")
        }
    }

    /// Inspects a model that was read.
    package init(_ model: Model) {
        self.init(nil, model: model, problem: nil)
    }

    private init(_ message: ModelProto?, model: Model?, problem: String?) {
        file = message.map { FileSummary($0) } ?? FileSummary()
        let prepared = model.map { model in model.graph.inputs.compactMap { model.graph.preprocessing(of: $0).sentence }
        }
        var problems = problem.map { [$0] } ?? []
        var notes = (model?.notes ?? []) + (prepared ?? [])
        var layers: [LayerEntry] = []
        var branches: [BranchLayer] = []
        var choices: [LayerChoice] = []
        var head: HeadDescription?
        var families: [MethodFamily] = []
        var known: Graph?
        if let model {
            inputs = model.inputs.map(\.description)
            outputs = model.outputs.map { port in
                let typed = TargetText.name(port.name)
                return port.description + (typed == port.name ? "" : " (as a target: \(typed))")
            }
            parameters = model.graph.parameterCount
            do {
                let graph = try model.graph.specialised(
                    to: Self.exampleShapes(model), by: EngineEvaluator(model.engine))
                known = graph
                if let input = graph.inputs.first {
                    let isFixed = model.inputs.first?.dimensions.first?.length != nil
                    let rows = graph.shape(of: input)?.dimensions.first ?? 1
                    let batch = graph.joinsRows(of: input, isFixed: isFixed) ? 1 : rows
                    let survey = OutputSurvey(graph, input: graph[input].name, batch: batch)
                    do { head = try survey.head()?.description } catch { problems.append("\(error)") }
                    notes += graph.inputs.compactMap { graph.layoutGuess(of: $0).map { "\($0)." } }
                    layers = graph.layerEntries()
                    if let output = graph.output(of: head) {
                        branches = graph.automaticLayers(forOutput: output)
                        let explained = graph.explainedValue(of: input) ?? input
                        choices = graph.layerCandidates(forOutput: output, from: explained)
                        families = MethodFamily.all(
                            of: graph, input: explained, output: output, layer: choices.first, batch: batch)
                    }
                }
            } catch {
                problems.append("\(error)")
            }
            operators = OperatorUse.inventory(of: model.graph, specialised: known)
        } else {
            inputs = (message?.graph.input ?? []).map(FileSummary.text)
            outputs = (message?.graph.output ?? []).map(FileSummary.text)
            parameters = message?.parameterCount ?? 0
            operators = message.map { OperatorUse.inventory(of: $0) } ?? []
        }
        self.notes = notes
        self.layers = layers
        automaticLayers = branches
        automaticLayer = choices.first.map { "\($0.layer.name): \($0.reason)" }
        candidates = choices.map { LayerCandidate(name: $0.layer.name, tensor: $0.layer.tensorName, reason: $0.reason) }
        self.head = head
        self.problems = problems
        self.families = families
    }

    static func exampleShapes(_ model: Model) -> [String: Shape] {
        var shapes: [String: Shape] = [:]
        for port in model.inputs {
            let isPicture = port.dimensions.count == 4
            let known = model.graph.value(named: port.name).map { model.graph.preprocessing(of: $0) }
            let isVolume = port.dimensions.count == 5
            shapes[port.name] = Shape(
                port.dimensions.enumerated().map { axis, dimension in
                    if let length = dimension.length { return length }
                    // Volumes of 224 voxels a side fit into few memories.
                    if isVolume, axis > 1 { return axis == 2 ? 16 : 64 }
                    guard isPicture, axis > 0 else { return 1 }
                    let channelsLast = [1, 3, 4].contains(port.dimensions[3].length ?? 0)
                    return axis == known?.channelAxis ?? (channelsLast ? 3 : 1) ? known?.channelCount ?? 3 : 224
                })
        }
        return shapes
    }
}

/// A layer that is worth a map.
public struct LayerCandidate: Sendable, Codable {
    /// The human name, for `--layer`.
    public let name: String
    /// The ONNX tensor, also for `--layer`.
    public let tensor: String
    /// What speaks for it.
    public let reason: String
}

/// A place where a map can be made.
public struct LayerEntry: Sendable, Codable {
    /// The human name, for `--layer`.
    public let name: String
    /// The ONNX tensor, also for `--layer`.
    public let tensor: String
    /// What computes it.
    public let operation: String
    /// The tensor's shape at the sizes inspected.
    public let shape: [Int]
    /// The map that it holds: channels, height, width; tokens and channels-last tensors hold one, too.
    public let map: [Int]
    /// Side of the input square that a cell sees, in pixels; nil where it sees everything or that is not known.
    public let receptiveField: Int?
    /// Input pixels from one cell to the next.
    public let stride: Double?
    /// Where the first cell's centre lies in the input, in pixels from its edge.
    public let firstCentre: Double?
    /// Weights of the node that computes it, in numbers.
    public let parameters: Int
    /// The picture inputs that reach it, by name; the place of its cells is that over the first of them.
    public let inputs: [String]

    init(_ layer: Layer, field: [ReceptiveField]?, parameters: Int, inputs: [String]) {
        name = layer.name
        tensor = layer.tensorName
        operation = layer.operation
        shape = layer.shape.dimensions
        map = Array((layer.layout?.shape ?? layer.shape).dimensions.dropFirst())
        receptiveField = field?.map(\.size).max()
        let rows = layer.layout?.placement.rows
        stride = field.flatMap { $0.map(\.stride).max() }.map(Double.init) ?? rows?.stride
        firstCentre = field?.first?.centre ?? rows?.centre
        self.parameters = parameters
        self.inputs = inputs
    }
}

extension Graph {
    /// The value that a head reads, or the first output.
    fileprivate func output(of head: HeadDescription?) -> ValueID? {
        let named = head.flatMap { head in
            outputs.first { $0.name == head.output }?.value ?? value(named: head.output)
        }
        return named ?? outputs.first?.value
    }
}
