import ONNXFormat
import ONNXMessages
import Tensors

/// Models in float16 or bfloat16 are computed in float32: sums of gradients need its range, and the engine its kernels.
enum FloatWidening {
    /// Integer attributes that name an element type.
    private static let typeAttributes: Set<String> = [
        "dtype", "output_datatype", "output_dtype", "softmax_precision", "stash_type", "to",
    ]

    /// Makes every half-precision weight, value, constant and cast a float32 one, in bodies too, and tells of it.
    static func apply(to model: inout ModelProto) throws -> [String] {
        var types = Set<ElementType>()
        model.graph.collectHalves(&types)
        guard !types.isEmpty else { return [] }
        try model.graph.rewriteBodies { graph in try graph.widen() }
        let names = types.map { $0 == .float16 ? "float16" : "bfloat16" }.sorted().joined(separator: " and ")
        return ["The model's \(names) values are computed in float32; inputs of that type take float32 here."]
    }

    /// The element type where it is one to be widened.
    static func half(_ code: Int32) -> ElementType? {
        guard let type = ElementType(rawValue: code), type == .float16 || type == .bfloat16 else { return nil }
        return type
    }

    static func namesHalf(_ attribute: AttributeProto, of node: NodeProto) -> ElementType? {
        guard attribute.hasI, typeAttributes.contains(attribute.name), node.isStandard || node.domain == "com.microsoft"
        else { return nil }
        return half(Int32(truncatingIfNeeded: attribute.i))
    }
}

extension GraphProto {
    fileprivate func collectHalves(_ types: inout Set<ElementType>) {
        func note(_ code: Int32) { if let type = FloatWidening.half(code) { types.insert(type) } }
        for tensor in initializer { note(tensor.dataType) }
        for tensor in sparseInitializer { note(tensor.values.dataType) }
        for info in input + output + valueInfo { note(info.type.elementCode) }
        for node in node {
            for attribute in node.attribute {
                if attribute.hasT { note(attribute.t.dataType) }
                if attribute.hasSparseTensor { note(attribute.sparseTensor.values.dataType) }
                if let type = FloatWidening.namesHalf(attribute, of: node) { types.insert(type) }
            }
            for body in node.bodies { body.collectHalves(&types) }
        }
    }

    fileprivate mutating func widen() throws {
        var tensors = initializer
        initializer = []
        for index in tensors.indices { try tensors[index].widen() }
        initializer = tensors
        for index in sparseInitializer.indices { try sparseInitializer[index].values.widen() }
        input = input.map(\.widened)
        output = output.map(\.widened)
        valueInfo = valueInfo.map(\.widened)
        var nodes = node
        node = []
        for index in nodes.indices where !nodes[index].attribute.isEmpty { try nodes[index].widen() }
        node = nodes
    }
}

extension NodeProto {
    fileprivate mutating func widen() throws {
        for index in attribute.indices {
            if attribute[index].hasT { try attribute[index].t.widen() }
            if attribute[index].hasSparseTensor { try attribute[index].sparseTensor.values.widen() }
            if FloatWidening.namesHalf(attribute[index], of: self) != nil {
                attribute[index].i = Int64(ElementType.float32.rawValue)
            }
            if attribute[index].hasTp { attribute[index].tp = attribute[index].tp.widened }
        }
    }
}

extension TensorProto {
    /// The same numbers in float32; every half is one of them.
    fileprivate mutating func widen() throws {
        guard FloatWidening.half(dataType) != nil else { return }
        self = TensorProto(try AnyTensor(self).converted(to: .float32), name: name)
    }
}

extension ValueInfoProto {
    fileprivate var widened: ValueInfoProto {
        guard FloatWidening.half(type.elementCode) != nil else { return self }
        var info = self
        info.type = type.widened
        return info
    }
}

extension TypeProto {
    /// The code of the elements, also of those of a sequence or an optional value.
    fileprivate var elementCode: Int32 {
        switch value {
        case .tensorType(let tensor)?: tensor.elemType
        case .sparseTensorType(let tensor)?: tensor.elemType
        case .sequenceType(let sequence)?: sequence.elemType.elementCode
        case .optionalType(let optional)?: optional.elemType.elementCode
        default: 0
        }
    }

    fileprivate var widened: TypeProto {
        guard FloatWidening.half(elementCode) != nil else { return self }
        var type = self
        switch value {
        case .tensorType?: type.tensorType.elemType = ElementType.float32.rawValue
        case .sparseTensorType?: type.sparseTensorType.elemType = ElementType.float32.rawValue
        case .sequenceType(let sequence)?: type.sequenceType.elemType = sequence.elemType.widened
        case .optionalType(let optional)?: type.optionalType.elemType = optional.elemType.widened
        default: break
        }
        return type
    }
}
