public import Tensors

/// What can be wrong with a graph.
public enum GraphError: Error, Sendable, Hashable {
    /// A node reads a value that nothing computes before it.
    case undefinedValue(name: String, node: String)
    /// Two nodes, inputs or initializers carry one name.
    case duplicateValue(name: String)
    /// Nodes wait for each other.
    case cycle(node: String)
    /// An output that nothing computes.
    case undefinedOutput(name: String)
    /// A kind of value that Gaze does not handle.
    case unsupportedType(value: String, type: String)
    /// An attribute that Gaze cannot carry.
    case unsupportedAttribute(node: String, attribute: String, reason: String)
    /// A node that the engine does not take, with the engine's words.
    case refusedNode(node: String, reason: String)
    /// A local function that calls itself, with the way from it back to it.
    case recursiveFunction(name: String, path: [String])
    /// Functions or loops that would become more nodes than a model has.
    case tooManyNodes(node: String, limit: Int)
    /// A model that Gaze cannot take, in words.
    case unsupportedModel(reason: String, advice: String)
    /// The shape given for an input is not one that the model takes.
    case inputShape(input: String, declared: String, given: Shape)
    /// An input that was not given, or one that the model does not have.
    case unknownInput(name: String, known: [String])
    /// A free dimension without a length.
    case openDimension(input: String, declared: String)
    /// A value of more elements than memory holds.
    case tooLarge(value: String, shape: Shape)
    /// A length below zero, such as what a window leaves that is larger than its input.
    case negativeLength(value: String, node: String?, shape: Shape, length: Int)
    /// Values that take more memory than a run may: the largest of them, its bytes and those of all at the same time.
    case memory(value: String, node: String?, shape: Shape, bytes: Int, total: Int, budget: MemoryBudget)
    /// A loop of more turns than anybody waits for.
    case longLoop(node: String, turns: Int, nodeRuns: Int, limit: Int)
    /// A node whose attributes or operands break its operator's rules.
    case malformedNode(node: String, reason: String)
    /// No value or layer has this name.
    case unknownLayer(name: String, suggestions: [String])
    /// A graph for a fixed number of samples that cannot be rewritten for another.
    case fixedBatch(node: String, reason: String)
    /// The graph broke a rule of its own; a defect of the named pass.
    case invalid(pass: String, reason: String)
}

extension GraphError {
    /// Whether the numbers of a file or an input are too large, too small or too many to be run: no other way of running helps.
    package var isAboutSize: Bool {
        switch self {
        case .tooLarge, .memory, .negativeLength, .longLoop: true
        default: false
        }
    }
}

extension GraphError: CustomStringConvertible {
    /// One sentence: what, where, what to do.
    public var description: String {
        switch self {
        case .undefinedValue(let name, let node):
            "Node \(node) reads '\(name)', which nothing in the model computes; export the model again, or check it with onnx.checker."
        case .duplicateValue(let name):
            "Two nodes, inputs or weights of the model are named '\(name)'; export the model again."
        case .cycle(let node):
            "Node \(node) depends on its own result; the model is not a valid ONNX graph, export it again."
        case .undefinedOutput(let name):
            "The model's output '\(name)' is computed by no node; export the model again."
        case .unsupportedType(let value, let type):
            "'\(value)' is a \(type); Gaze handles tensors of numbers. Export the model without it, or cut it off in front of it."
        case .unsupportedAttribute(let node, let attribute, let reason):
            "Node \(node) has an attribute '\(attribute)' that cannot be read: \(reason). Export the model again."
        case .refusedNode(let node, let reason):
            "Node \(node) cannot run: \(reason) Check the model with onnx.checker (full_check=True), or export it again with operators of ONNX opset 21."
        case .recursiveFunction(let name, let path):
            "The model's function '\(name)' calls itself (\(path.joined(separator: " → "))), which ONNX does not allow; export the model again."
        case .tooManyNodes(let node, let limit):
            "Node \(node) would become more than \(limit) nodes, or is nested too deep; export the model without local functions."
        case .unsupportedModel(let reason, let advice):
            "\(reason). \(advice)"
        case .inputShape(let input, let declared, let given):
            "Input '\(input)' takes \(declared), and \(given) was given; give a tensor of that shape, or export the model with free dimensions (dynamic_axes)."
        case .unknownInput(let name, let known):
            "There is no input '\(name)' to fill, or none was given for it; the model's inputs are \(known.joined(separator: ", "))."
        case .openDimension(let input, let declared):
            "Input '\(input)' is declared as \(declared), which leaves a length open; give an input of the size that you want."
        case .tooLarge(let value, let shape):
            "'\(value)' would have the shape \(shape), more than 2^30 elements; give a smaller input, or check the model with onnx.checker."
        case .negativeLength(let value, let node, let shape, let length):
            "'\(value)' would have the shape \(shape)"
                + (node.map { " behind node \($0), because what enters it is smaller than its window or crop" } ?? "")
                + "; a length of \(length) is impossible: give a larger input (--resize for pictures), or check the model with onnx.checker."
        case .memory(let value, let node, let shape, let bytes, let total, let budget):
            "'\(value)' of the shape \(shape)" + (node.map { ", which node \($0) computes," } ?? "")
                + " would take \(MemoryBudget.text(bytes))"
                + (total > bytes ? ", and all values at the same time \(MemoryBudget.text(total))," : "")
                + " and a run may take \(budget); give a smaller input, or more with --memory where the command has it."
        case .longLoop(let node, let turns, let nodeRuns, let limit):
            "Node \(node) states \(turns) turns, which run \(nodeRuns == Int.max ? "more nodes than can be counted" : "\(nodeRuns) nodes"), and more than \(limit) are not run; export the model with fewer turns."
        case .malformedNode(let node, let reason):
            "Node \(node) cannot run: \(reason). Check the model with onnx.checker (full_check=True), or export it again."
        case .unknownLayer(let name, let suggestions):
            "There is no layer or value '\(name)' in the model"
                + (suggestions.isEmpty
                    ? "; " : "; the nearest are \(suggestions.joined(separator: ", ")); ")
                + "'gaze inspect MODEL' lists the maps that every picture input reaches, and with --graph every value."
        case .fixedBatch(let node, let reason):
            "The model cannot be rewritten for another number of samples: at \(node), \(reason); give as many samples as it takes, or export it with a dynamic batch."
        case .invalid(let pass, let reason):
            "The pass '\(pass)' made an invalid graph: \(reason). This is a defect in Gaze; please report it with the model."
        }
    }
}
