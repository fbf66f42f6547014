import Foundation
package import ONNXMessages
package import Tensors

extension AttributeProto {
    /// An integer attribute.
    package init(_ name: String, int: Int) {
        self.init(name, .int)
        i = Int64(int)
    }

    /// A list of integers.
    package init(_ name: String, ints: [Int]) {
        self.init(name, .ints)
        self.ints = ints.map { Int64($0) }
    }

    /// A number.
    package init(_ name: String, float: Float) {
        self.init(name, .float)
        f = float
    }

    /// A list of numbers.
    package init(_ name: String, floats: [Float]) {
        self.init(name, .floats)
        self.floats = floats
    }

    /// A text.
    package init(_ name: String, string: String) {
        self.init(name, .string)
        s = Data(string.utf8)
    }

    /// A tensor.
    package init(_ name: String, tensor: AnyTensor) {
        self.init(name, .tensor)
        t = TensorProto(tensor)
    }

    /// A graph.
    package init(_ name: String, graph: GraphProto) {
        self.init(name, .graph)
        g = graph
    }

    private init(_ name: String, _ type: AttributeType) {
        self.init()
        self.name = name
        self.type = type
    }
}

extension StringStringEntryProto {
    /// One entry of a table of texts.
    package init(key: String, value: String) {
        self.init()
        self.key = key
        self.value = value
    }
}

extension NodeProto {
    /// A node of ONNX's own domain.
    package init(
        _ operatorName: String, _ inputs: [String], _ outputs: [String], name: String = "",
        attributes: [AttributeProto] = []
    ) {
        self.init()
        opType = operatorName
        input = inputs
        output = outputs
        if !name.isEmpty { self.name = name }
        attribute = attributes
    }

    /// The attribute of this name; the last one where a file has several.
    package subscript(attribute name: String) -> AttributeProto? {
        attribute.last { $0.name == name }
    }

    /// An integer attribute; nil where there is none of that name and kind.
    package func int(_ name: String) -> Int? {
        self[attribute: name].flatMap { $0.hasI ? Int($0.i) : nil }
    }

    /// A list of integers; nil where there is none of that name.
    package func ints(_ name: String) -> [Int]? {
        self[attribute: name].map { $0.ints.map { Int($0) } }
    }

    /// A number; nil where there is none of that name and kind.
    package func float(_ name: String) -> Float? {
        self[attribute: name].flatMap { $0.hasF ? $0.f : nil }
    }

    /// A list of numbers; nil where there is none of that name.
    package func floats(_ name: String) -> [Float]? {
        self[attribute: name].map(\.floats)
    }

    /// A text; nil where there is none of that name and kind.
    package func string(_ name: String) -> String? {
        self[attribute: name].flatMap { $0.hasS ? String(decoding: $0.s, as: UTF8.self) : nil }
    }
}
