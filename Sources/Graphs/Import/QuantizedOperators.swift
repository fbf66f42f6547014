import ONNXFormat
import ONNXMessages
import Tensors

/// Integer operators as floating-point ones between DequantizeLinear and QuantizeLinear (QDQ), where that computes the same.
///
/// A derivative then flows straight through the rounding, and constant weights fold to the numbers that they stand for.
enum QuantizedOperators {
    /// Rewrites them, in bodies too, and tells of it.
    static func rewrite(in model: inout ModelProto) -> [String] {
        guard model.graph.containsNode(where: isQuantized) else { return [] }
        var names = UnusedNames(model)
        var operators: [String: Int] = [:]
        model.graph.rewriteBodies { graph in
            let readers = graph.readers
            var nodes: [NodeProto] = []
            nodes.reserveCapacity(graph.node.count)
            for node in graph.node {
                guard isQuantized(node), let result = rewritten(node, readers, &names) else {
                    nodes.append(node)
                    continue
                }
                nodes += result
                operators[node.opType, default: 0] += 1
            }
            graph.node = nodes
        }
        guard !operators.isEmpty else { return [] }
        let list = operators.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        return [
            "Integer operators (\(list)) are computed in float32 between DequantizeLinear and QuantizeLinear; a result can differ by one step of rounding."
        ]
    }

    private static func rewritten(
        _ node: NodeProto, _ readers: [String: [NodeProto?]], _ names: inout UnusedNames
    ) -> [NodeProto]? {
        var rewriting = QuantizedNode(node: node, readers: readers, names: names)
        defer { names = rewriting.names }
        names = UnusedNames()
        return rewriting.rewritten()
    }

    private static func isQuantized(_ node: NodeProto) -> Bool {
        if node.isStandard {
            return ["QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger", "DynamicQuantizeLinear"]
                .contains(node.opType)
        }
        return node.domain == "com.microsoft"
            && (node.opType.hasPrefix("QLinear")
                || ["QGemm", "QuantizeLinear", "DequantizeLinear"].contains(node.opType))
    }
}

/// One integer operator on its way to QDQ form.
struct QuantizedNode {
    let node: NodeProto
    /// The nodes of the graph that read a value; nil for an output of the graph.
    let readers: [String: [NodeProto?]]
    var names: UnusedNames
    private var before: [NodeProto] = []

    init(node: NodeProto, readers: [String: [NodeProto?]], names: UnusedNames) {
        self.node = node
        self.readers = readers
        self.names = names
    }

    /// The nodes that take its place; nil where it stays.
    mutating func rewritten() -> [NodeProto]? {
        guard node.output.first?.isEmpty == false else { return nil }
        switch node.opType {
        case "QuantizeLinear", "DequantizeLinear": return [standard(node.opType, node.input, node.output)]
        case "QLinearConv": return convolution()
        case "QLinearMatMul":
            return quantizing(6, "MatMul", [dequantized(0, axis: -2), dequantized(3, axis: -1)])
        case "QLinearAdd": return quantizing(6, "Add", [dequantized(0), dequantized(3)])
        case "QLinearMul": return quantizing(6, "Mul", [dequantized(0), dequantized(3)])
        case "QLinearSigmoid": return quantizing(3, "Sigmoid", [dequantized(0)])
        case "QLinearLeakyRelu": return quantizing(3, "LeakyRelu", [dequantized(0)])
        case "QLinearGlobalAveragePool" where node.int("channels_last") ?? 0 == 0:
            return quantizing(3, "GlobalAveragePool", [dequantized(0)], dropping: ["channels_last"])
        case "QLinearAveragePool" where node.int("channels_last") ?? 0 == 0:
            return quantizing(3, "AveragePool", [dequantized(0)], dropping: ["channels_last"])
        case "QLinearSoftmax" where node.int("opset") ?? 0 >= 13:
            return quantizing(3, "Softmax", [dequantized(0)], dropping: ["opset"])
        case "QLinearConcat" where node.input.count > 2 && (node.input.count - 2).isMultiple(of: 3):
            return quantizing(0, "Concat", stride(from: 2, to: node.input.count, by: 3).map { dequantized($0) })
        case "QGemm": return gemm()
        case "ConvInteger":
            return integer("Conv", [unscaled(0, zeroPoint: 2, axis: 1), unscaled(1, zeroPoint: 3, axis: 0)])
        case "MatMulInteger":
            return integer("MatMul", [unscaled(0, zeroPoint: 2, axis: -2), unscaled(1, zeroPoint: 3, axis: -1)])
        case "DynamicQuantizeLinear": return dynamicQuantization()
        default: return nil
        }
    }

    private func input(_ index: Int) -> String { index < node.input.count ? node.input[index] : "" }

    // MARK: Operators

    private mutating func convolution() -> [NodeProto] {
        var operands = [dequantized(0), dequantized(3, axis: 0)]
        if !input(8).isEmpty { operands.append(bias(input(8), scales: (1, 4))) }
        return quantizing(6, "Conv", operands)
    }

    /// Gemm whose result is quantised where it has a scale, and otherwise a number.
    private mutating func gemm() -> [NodeProto]? {
        guard node.float("alpha") ?? 1 == 1 else { return nil }
        let isTransposed = node.int("transB") ?? 0 != 0
        var operands = [dequantized(0), dequantized(3, axis: isTransposed ? 0 : 1)]
        if !input(6).isEmpty { operands.append(bias(input(6), scales: (1, 4))) }
        guard !input(7).isEmpty else { return before + [standard("Gemm", operands, node.output)] }
        return quantizing(7, "Gemm", operands)
    }

    /// Integers come out; where everything that reads them takes them as numbers, they stay numbers.
    private mutating func integer(_ operation: String, _ operands: [String]) -> [NodeProto] {
        let result = node.output[0]
        if isReadAsNumber(result) { return before + [standard(operation, operands, [result])] }
        let number = names.next("\(result).float")
        return before + [standard(operation, operands, [number]), cast(number, result, to: .int32)]
    }

    private func isReadAsNumber(_ name: String) -> Bool {
        guard let readers = readers[name], !readers.isEmpty else { return false }
        return readers.allSatisfy { reader in
            reader?.isStandard == true && reader?.opType == "Cast"
                && reader?.int("to") == Int(ElementType.float32.rawValue)
        }
    }

    /// The range of the whole tensor, widened to zero, in 256 steps.
    private mutating func dynamicQuantization() -> [NodeProto]? {
        guard node.output.count == 3, node.output.allSatisfy({ !$0.isEmpty }) else { return nil }
        let zero = constant(AnyTensor(Tensor(Float(0))))
        let steps = constant(AnyTensor(Tensor(Float(255))))
        let lowest = add("Min", [add("ReduceMin", [input(0)], [AttributeProto("keepdims", int: 0)]), zero])
        let highest = add("Max", [add("ReduceMax", [input(0)], [AttributeProto("keepdims", int: 0)]), zero])
        let range = add("Sub", [highest, lowest])
        // A tensor of zeros has the scale 1.
        let width = add("Where", [add("Equal", [range, zero]), steps, range])
        before.append(step("Div", [width, steps], node.output[1]))
        let point = add("Round", [add("Div", [add("Neg", [lowest]), node.output[1]])])
        before.append(cast(add("Clip", [point, zero, steps]), node.output[2], to: .uint8))
        return before + [standard("QuantizeLinear", [input(0), node.output[1], node.output[2]], [node.output[0]])]
    }

    // MARK: Pieces

    /// The numbers of a quantised operand, whose scale and zero point are the next two inputs.
    private mutating func dequantized(_ index: Int, axis: Int = 1) -> String {
        add(
            "DequantizeLinear", [input(index), input(index + 1), input(index + 2)],
            [AttributeProto("axis", int: axis)])
    }

    /// The integers of an operand less its zero point.
    private mutating func unscaled(_ index: Int, zeroPoint: Int, axis: Int) -> String {
        guard !input(zeroPoint).isEmpty else {
            return add("DequantizeLinear", [input(index), constant(AnyTensor(Tensor(Float(1))))])
        }
        // As many ones as there are zero points.
        let ones = names.next("\(node.output[0]).ones")
        before.append(cast(add("Equal", [input(zeroPoint), input(zeroPoint)]), ones, to: .float32))
        return add(
            "DequantizeLinear", [input(index), ones, input(zeroPoint)], [AttributeProto("axis", int: axis)])
    }

    /// A bias in steps of the product of two scales.
    private mutating func bias(_ name: String, scales: (Int, Int)) -> String {
        let scale = add("Mul", [input(scales.0), input(scales.1)])
        return add("DequantizeLinear", [name, scale], [AttributeProto("axis", int: 0)])
    }

    /// The floating-point operator, and the quantisation of its result with the scale at `index`.
    private mutating func quantizing(
        _ index: Int, _ operation: String, _ operands: [String], dropping: Set<String> = []
    ) -> [NodeProto] {
        let result = node.output[0]
        let number = names.next("\(result).float")
        var inner = standard(operation, operands, [number])
        inner.attribute.removeAll { dropping.contains($0.name) }
        return before + [inner, step("QuantizeLinear", [number, input(index), input(index + 1)], result)]
    }

    /// The node as one of ONNX's own operators, under its name and in its module.
    private func standard(_ operation: String, _ inputs: [String], _ outputs: [String]) -> NodeProto {
        var result = node
        result.opType = operation
        result.clearDomain()
        result.input = inputs
        result.output = outputs
        return result
    }

    private mutating func add(_ operation: String, _ inputs: [String], _ attributes: [AttributeProto] = []) -> String {
        let name = names.next("\(node.output[0]).\(operation)")
        before.append(step(operation, inputs, name, attributes))
        return name
    }

    /// A node beside the operator, in its module.
    private func step(
        _ operation: String, _ inputs: [String], _ result: String, _ attributes: [AttributeProto] = []
    ) -> NodeProto {
        var step = NodeProto(operation, inputs, [result], attributes: attributes)
        let path = Origin(node).modulePath
        if !path.isEmpty {
            step.metadataProps = [
                StringStringEntryProto(key: "namespace", value: path.joined(separator: ".") + "/" + operation)
            ]
        }
        return step
    }

    private mutating func constant(_ tensor: AnyTensor) -> String {
        add("Constant", [], [AttributeProto("value", tensor: tensor)])
    }

    private func cast(_ source: String, _ result: String, to type: ElementType) -> NodeProto {
        step("Cast", [source], result, [AttributeProto("to", int: Int(type.rawValue))])
    }
}

extension GraphProto {
    /// The nodes that read each value; nil stands for the graph's outputs and for bodies.
    fileprivate var readers: [String: [NodeProto?]] {
        var readers: [String: [NodeProto?]] = [:]
        for node in node {
            for name in Set(node.input) { readers[name, default: []].append(node) }
            for name in node.bodies.flatMap(\.usedNames) { readers[name, default: []].append(nil) }
        }
        for output in output { readers[output.name, default: []].append(nil) }
        return readers
    }
}
