import ONNXMessages
import Tensors

/// Which nodes may be shown to the engine's shape inference while lengths in front of them are not known.
///
/// ONNX Runtime's inference for Slice ends the process where a length of its input is negative, as those behind a window larger
/// than a picture are. So what could make a length negative is inferred first, and what stands behind a Slice of it afterwards.
struct DoubtfulLengths {
    private let graph: Graph
    /// Values that the engine was asked for and did not tell: it will not know a negative length of them either.
    private let asked: Set<String>
    /// For every value whether it must not be shown yet.
    private(set) var isHidden: [Bool]

    init(_ graph: Graph, asked: Set<String>) {
        (self.graph, self.asked) = (graph, asked)
        isHidden = [Bool](repeating: false, count: graph.values.count)
        var isDoubtful = isHidden
        for node in graph.nodes {
            let operands = node.operands
            let doubts = operands.contains { isDoubtful[$0.index] }
            let hides = operands.contains { isHidden[$0.index] } || (doubts && Self.isFragile(node))
            let shrinks = doubts || (!hides && mayMakeNegative(node))
            for result in node.results {
                isHidden[result.index] = hides
                isDoubtful[result.index] =
                    shrinks && graph.shape(of: result) == nil && !asked.contains(graph[result].name)
            }
        }
    }

    /// Whether the engine's inference aborts at a negative length.
    private static func isFragile(_ node: Node) -> Bool {
        node.operation == "Slice" || node.attributes.values.contains { if case .subgraph = $0 { true } else { false } }
    }

    /// Whether a result that the engine cannot tell has a length of -1, by which the engine says that it does not know one.
    ///
    /// Of a window or a crop whose input and numbers are known it knows every length.
    static func isNegative(_ node: Node, in graph: Graph) -> Bool {
        let doubts = DoubtfulLengths(checking: graph)
        guard node.domain.isEmpty, node.input(0).flatMap({ graph.shape(of: $0) }) != nil,
            !node.operands.contains(where: { graph.shape(of: $0) == nil })
        else { return false }
        switch node.operation {
        case "AveragePool", "Conv", "ConvTranspose", "LpPool", "MaxPool":
            return doubts.kernel(node) != nil && doubts.mayMakeNegative(node)
        case "Pad":
            return doubts.constant(node, 1)?.contains { $0 < 0 } == true
        default: return false
        }
    }

    private init(checking graph: Graph) {
        (self.graph, asked, isHidden) = (graph, [], [])
    }

    /// Whether results can have negative lengths though the operands have none.
    private func mayMakeNegative(_ node: Node) -> Bool {
        switch node.operation {
        case "Conv", "ConvInteger", "QLinearConv", "FusedConv", "NhwcConv", "AveragePool", "LpPool", "MaxPool",
            "QLinearAveragePool", "DeformConv":
            return mayExceed(node)
        case "ConvTranspose":
            return mayCropAway(node)
        case "Pad":
            return constant(node, 1).map { $0.contains { $0 < 0 } } ?? true
        case "Expand":
            return constant(node, 1).map { $0.contains { $0 < 0 } } ?? isCalculated(node.input(1))
        case "CenterCropPad", "Col2Im", "MaxUnpool", "Resize", "Upsample":
            return true
        default:
            return false
        }
    }

    private func constant(_ node: Node, _ index: Int) -> [Int]? {
        node.input(index).flatMap { graph[$0].constant }.flatMap { $0.elementType.isFloatingPoint ? nil : $0.integers }
    }

    /// Whether a window may be larger than the smallest padded input.
    private func mayExceed(_ node: Node) -> Bool {
        guard let kernel = kernel(node) else { return true }
        let (dilations, pads) = (list(node, "dilations", kernel.count, 1), list(node, "pads", 2 * kernel.count, 0))
        let automatic = node.string("auto_pad") ?? "NOTSET"
        if automatic.hasPrefix("SAME") { return false }
        guard let dilations, let pads else { return true }
        return kernel.indices.contains { axis in
            let padding = automatic == "VALID" ? 0 : pads[axis] + pads[kernel.count + axis]
            return padding < dilations[axis] * (kernel[axis] - 1)
        }
    }

    /// Whether the padding of a transposed convolution may take away more than there is.
    private func mayCropAway(_ node: Node) -> Bool {
        if let sides = node.integers("output_shape") { return sides.contains { $0 < 0 } }
        guard let kernel = kernel(node), let dilations = list(node, "dilations", kernel.count, 1),
            let pads = list(node, "pads", 2 * kernel.count, 0),
            let further = list(node, "output_padding", kernel.count, 0)
        else { return true }
        return kernel.indices.contains { axis in
            pads[axis] + pads[kernel.count + axis] > dilations[axis] * (kernel[axis] - 1) + further[axis]
        }
    }

    private func kernel(_ node: Node) -> [Int]? {
        let weight = node.input(node.operation == "QLinearConv" ? 3 : 1).flatMap { graph.shape(of: $0) }
        let kernel = node.integers("kernel_shape") ?? weight.map { Array($0.dimensions.dropFirst(2)) }
        return kernel.flatMap { $0.allSatisfy((1...Self.largest).contains) ? $0 : nil }
    }

    /// An attribute's numbers; nil where they are not as many, or beyond what any model has.
    private func list(_ node: Node, _ name: String, _ count: Int, _ usual: Int) -> [Int]? {
        let numbers = node.integers(name) ?? [Int](repeating: usual, count: count)
        return numbers.count == count && numbers.allSatisfy((-Self.largest...Self.largest).contains) ? numbers : nil
    }

    /// Whether a shape is made by arithmetic, so that the engine may know a negative number of it.
    private func isCalculated(_ value: ValueID?) -> Bool {
        var open = [value].compactMap(\.self)
        var seen: Set<ValueID> = []
        while let next = open.popLast(), seen.count < 64 {
            guard seen.insert(next).inserted, let node = graph.producingNode(of: next), node.operation != "Shape" else {
                continue
            }
            if ["Add", "Div", "Floor", "Mul", "Neg", "Sub"].contains(node.operation) { return true }
            open += node.operands
        }
        return seen.count >= 64
    }

    /// No real window reaches further; products of two such lengths cannot overflow.
    private static let largest = 1 << 20
}
