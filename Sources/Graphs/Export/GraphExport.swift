import ONNXFormat
package import ONNXMessages
import SwiftProtobuf
package import Tensors

extension Graph {
    /// The graph as an ONNX model at `Graph.opset`, IR version 10.
    package func model(producer: String = "gaze") -> ModelProto {
        var model = ModelProto()
        model.irVersion = 10
        model.producerName = producer
        model.opsetImport = [OperatorSetIdProto(domain: "", version: Self.opset)]
        model.opsetImport += domains.sorted { $0.key < $1.key }.map {
            OperatorSetIdProto(domain: $0.key, version: $0.value)
        }
        model.metadataProps = metadata.sorted { $0.key < $1.key }.map { key, value in
            StringStringEntryProto.with {
                $0.key = key
                $0.value = value
            }
        }
        model.graph = graphMessage()
        return model
    }

    /// The model without the bytes of constants above `threshold`, and those constants by name: what an engine takes
    /// that reads weights where they lie. Lists of integers stay, because shapes hang on them.
    package func modelSharingWeights(above threshold: Int) -> (model: ModelProto, weights: [String: AnyTensor]) {
        var slim = self
        var weights: [String: AnyTensor] = [:]
        for index in slim.values.indices {
            let id = ValueID(index: index)
            guard let constant = slim[id].constant, constant.bytes.count > threshold, !constant.isShortList else {
                continue
            }
            weights[slim[id].name] = constant
            slim[id].constant = AnyTensor(zeros: constant.elementType, shape: [0])
        }
        var model = slim.model()
        for position in model.graph.initializer.indices {
            guard let tensor = weights[model.graph.initializer[position].name] else { continue }
            model.graph.initializer[position].becomeExternal(shape: tensor.shape, byteCount: tensor.bytes.count)
        }
        let kept = Set(model.graph.initializer.map(\.name))
        return (model, weights.filter { kept.contains($0.key) })
    }

    private func graphMessage() -> GraphProto {
        var graph = GraphProto()
        graph.name = "gaze"
        var isRead = [Bool](repeating: false, count: values.count)
        for operand in nodes.flatMap(\.operands) + outputs.map(\.value) { isRead[operand.index] = true }
        graph.initializer = values.indices.compactMap { index in
            guard let constant = values[index].constant, isRead[index] else { return nil }
            return TensorProto(constant, name: values[index].name)
        }
        graph.input = inputs.map { valueInfo($0, name: self[$0].name) }
        var renamed: [NodeProto] = []
        graph.output = outputs.map { output in
            if output.name != self[output.value].name {
                renamed.append(identity(from: self[output.value].name, to: output.name))
            }
            return valueInfo(output.value, name: output.name)
        }
        graph.node = NodeOrder(self).positions().map { message(nodes[$0]) } + renamed
        graph.makeNodeNamesUnique()
        return graph
    }

    private func message(_ node: Node) -> NodeProto {
        var proto = NodeProto()
        proto.opType = node.operation
        if !node.domain.isEmpty { proto.domain = node.domain }
        if !node.origin.name.isEmpty { proto.name = node.origin.name }
        proto.input = node.inputs.map { $0.map { self[$0].name } ?? "" }
        proto.output = node.outputs.map { $0.map { self[$0].name } ?? "" }
        proto.attribute = node.attributes.sorted { $0.key < $1.key }.map { $0.value.message(name: $0.key) }
        if !node.origin.modulePath.isEmpty {
            proto.metadataProps = [
                StringStringEntryProto.with {
                    $0.key = "namespace"
                    $0.value = (node.origin.modulePath.joined(separator: ".") + "/" + node.operation)
                }
            ]
        }
        return proto
    }

    private func identity(from source: String, to name: String) -> NodeProto {
        NodeProto.with {
            $0.opType = "Identity"
            $0.input = [source]
            $0.output = [name]
        }
    }

    private func valueInfo(_ value: ValueID, name: String) -> ValueInfoProto {
        var info = ValueInfoProto()
        info.name = name
        guard let type = self[value].type else { return info }
        info.type.tensorType.elemType = type.rawValue
        let lengths = self[value].shape?.dimensions.map(Dimension.fixed) ?? self[value].declared
        guard let lengths else { return info }
        info.type.tensorType.shape.dim = lengths.map { length in
            TensorShapeProto.Dimension.with {
                switch length {
                case .fixed(let count): $0.dimValue = Int64(count)
                case .symbolic(let name): if !name.isEmpty { $0.dimParam = name }
                }
            }
        }
        return info
    }
}

extension GraphProto {
    /// The engine refuses two nodes of one name, as copies of a body have.
    fileprivate mutating func makeNodeNamesUnique() {
        var counts: [String: Int] = [:]
        var used = Set(node.map(\.name))
        var nodes = node
        node = []
        for index in nodes.indices where !nodes[index].name.isEmpty {
            let name = nodes[index].name
            var number = counts[name, default: 0] + 1
            if number > 1 {
                while !used.insert("\(name)_\(number)").inserted { number += 1 }
                nodes[index].name = "\(name)_\(number)"
            }
            counts[name] = number
        }
        node = nodes
    }
}

extension TensorProto {
    fileprivate mutating func becomeExternal(shape: Shape, byteCount: Int) {
        dims = shape.dimensions.map { Int64($0) }
        clearRawData()
        dataLocation = .external
        externalData = [("location", "weights"), ("offset", "0"), ("length", String(byteCount))].map { key, value in
            StringStringEntryProto.with {
                $0.key = key
                $0.value = value
            }
        }
    }
}

extension OperatorSetIdProto {
    fileprivate init(domain: String, version: Int) {
        self.init()
        self.domain = domain
        self.version = Int64(version)
    }
}

extension AnyTensor {
    /// Whether these could be the lengths of parts, a shape or axes: whole numbers in a row, at most 64 KiB.
    fileprivate var isShortList: Bool {
        elementType == .int64 && shape.rank <= 1 && bytes.count <= 1 << 16
    }
}
