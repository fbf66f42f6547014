package import Tensors

/// An ONNX computation in static single assignment at one opset (`Graph.opset`), topologically ordered by construction.
///
/// A graph is a value: adding nodes to a copy leaves the original as it was, and every `ValueID` of the original
/// means the same in the copy.
public struct Graph: Sendable {
    /// The version of ONNX's operator set that every graph speaks.
    public static let opset = 21

    /// The length of one axis of an input as the model declares it.
    public enum Dimension: Sendable, Hashable, CustomStringConvertible {
        /// A length that the model was exported for.
        case fixed(Int)
        /// A length that is free, with the exporter's name for it.
        case symbolic(String)

        /// The number, or the name.
        public var description: String {
            switch self {
            case .fixed(let length): String(length)
            case .symbolic(let name): name.isEmpty ? "?" : name
            }
        }

        /// The length where it is fixed.
        public var length: Int? { if case .fixed(let length) = self { length } else { nil } }
    }

    /// A tensor that flows through the graph.
    package struct Value: Sendable {
        /// Unique in the graph.
        package let name: String
        /// The element type, nil where it is not known yet.
        package var type: ElementType?
        /// The concrete shape, nil until the graph is specialised to input shapes.
        package var shape: Shape?
        /// What the model declares for an input or output.
        package var declared: [Dimension]?
        /// The contents of a weight or another constant.
        package var constant: AnyTensor?
    }

    /// What the graph computes under which name.
    package struct Output: Sendable, Hashable {
        package var name: String
        package var value: ValueID

        package init(name: String, value: ValueID) {
            self.name = name
            self.value = value
        }
    }

    /// All values; a `ValueID` is an index into this.
    package private(set) var values: [Value] = []
    /// All nodes, each behind those that it depends on.
    package private(set) var nodes: [Node] = []
    /// The values that a run must supply.
    package private(set) var inputs: [ValueID] = []
    /// The values that a run returns.
    package var outputs: [Output] = []
    /// Text that travels with an exported file.
    package var metadata: [String: String] = [:]
    /// What the import changed about the model or noticed in it, one sentence each; people should see them.
    public internal(set) var notes: [String] = []
    /// Versions of other operator sets that nodes use.
    package var domains: [String: Int] = [:]

    private var producers: [Int?] = []
    private var valuesByName: [String: ValueID] = [:]

    /// A graph without values.
    package init() {}

    package subscript(value: ValueID) -> Value {
        get { values[value.index] }
        set {
            precondition(newValue.name == values[value.index].name, "a value keeps its name")
            values[value.index] = newValue
        }
    }

    /// The value with this name.
    package func value(named name: String) -> ValueID? { valuesByName[name] }

    /// The concrete shape of a value, where known.
    package func shape(of value: ValueID) -> Shape? { values[value.index].shape }

    /// The position of the node that computes a value; nil for inputs and constants.
    package func producer(of value: ValueID) -> Int? { producers[value.index] }

    /// The node that computes a value; nil for inputs and constants.
    package func producingNode(of value: ValueID) -> Node? { producers[value.index].map { nodes[$0] } }

    // MARK: Appending

    /// Adds a value that a run must supply.
    package mutating func addInput(
        _ name: String, type: ElementType, dimensions: [Dimension]? = nil, shape: Shape? = nil
    ) -> ValueID {
        let known =
            shape
            ?? dimensions.flatMap { dimensions in
                let lengths = dimensions.compactMap(\.length)
                return lengths.count == dimensions.count ? Shape(lengths) : nil
            }
        let value = addValue(name: name, type: type, shape: known, declared: dimensions)
        inputs.append(value)
        return value
    }

    /// Adds a constant.
    package mutating func addConstant(_ tensor: AnyTensor, name: String = "constant") -> ValueID {
        addValue(name: name, type: tensor.elementType, shape: tensor.shape, constant: tensor)
    }

    /// Adds a node with `outputCount` fresh results and returns them.
    @discardableResult
    package mutating func append(
        _ operation: String, domain: String = "", _ inputs: [ValueID?], attributes: [String: Attribute] = [:],
        outputCount: Int = 1, name: String? = nil, origin: Origin = Origin()
    ) -> [ValueID] {
        let stem = name ?? (origin.name.isEmpty ? operation : origin.name)
        let outputs = (0..<outputCount).map { index in
            addValue(name: index == 0 ? stem : "\(stem).\(index)", type: nil, shape: nil)
        }
        append(
            Node(
                operation, domain: domain, inputs: inputs, outputs: outputs, attributes: attributes, origin: origin))
        return outputs
    }

    /// Adds a node whose results are values that exist and that no other node computes.
    package mutating func append(_ node: Node) {
        for operand in node.operands { precondition(operand.index < values.count, "an operand of another graph") }
        for result in node.results {
            precondition(producers[result.index] == nil, "a value has one producer")
            producers[result.index] = nodes.count
        }
        nodes.append(node)
    }

    /// Adds a value that nothing computes yet; a taken name gets a number behind it.
    package mutating func addValue(
        name: String, type: ElementType? = nil, shape: Shape? = nil, declared: [Dimension]? = nil,
        constant: AnyTensor? = nil
    ) -> ValueID {
        let value = ValueID(index: values.count)
        let unique = freshName(name)
        values.append(Value(name: unique, type: type, shape: shape, declared: declared, constant: constant))
        producers.append(nil)
        valuesByName[unique] = value
        return value
    }

    /// The value of a node's optional output, made where the node left it out.
    package mutating func requireOutput(_ index: Int, ofNode position: Int) -> ValueID {
        if let value = nodes[position].output(index) { return value }
        let stem = nodes[position].output(0).map { values[$0.index].name } ?? nodes[position].operation
        let value = addValue(name: "\(stem).\(index)")
        nodes[position].setOutput(index, to: value)
        producers[value.index] = position
        return value
    }

    /// Gives a node other parameters.
    mutating func setAttributes(_ attributes: [String: Attribute], ofNode position: Int) {
        let node = nodes[position]
        nodes[position] = Node(
            node.operation, domain: node.domain, inputs: node.inputs, outputs: node.outputs, attributes: attributes,
            captures: node.captures, origin: node.origin)
    }

    /// Declares a value as an input and forgets what computed it; for passes that rebuild.
    package mutating func setInputs(_ inputs: [ValueID]) { self.inputs = inputs }

    private func freshName(_ name: String) -> String {
        let stem = name.isEmpty ? "value" : name
        guard valuesByName[stem] != nil else { return stem }
        var number = values.count
        while valuesByName["\(stem)_\(number)"] != nil { number += 1 }
        return "\(stem)_\(number)"
    }
}
