import Graphs
import Tensors

/// The layer that is taken for one of several picture inputs when none is named.
public struct BranchLayer: Sendable, Codable {
    /// The input, for `--wrt`.
    public let input: String
    /// The human name, for `--layer`.
    public let name: String
    /// The ONNX tensor, also for `--layer`.
    public let tensor: String
    /// Why it is taken.
    public let reason: String
}

extension Graph {
    /// The inputs that are pictures; all inputs where none is.
    private var pictureInputs: [ValueID] {
        let pictures = inputs.filter { pictureAxes(of: $0) != nil }
        return pictures.isEmpty ? inputs : pictures
    }

    /// Every map on the way from a picture input to an output, laid over the first input that reaches it, in order.
    func layerEntries() -> [LayerEntry] {
        let needed = neededNodes(for: outputs.map(\.value)).values
        var entries: [ValueID: LayerEntry] = [:]
        let reached = pictureInputs.map { (input: $0, values: values(dependingOn: [$0])) }
        for (input, values) in reached {
            let fields = receptiveFields(from: input)
            for layer in layers(from: input) where layer.isSpatial && entries[layer.value] == nil {
                guard needed[layer.value.index], values[layer.value.index] else { continue }
                entries[layer.value] = LayerEntry(
                    layer, field: fields[layer.value], parameters: parameterCount(behind: layer),
                    inputs: reached.filter { $0.values[layer.value.index] }.map { self[$0.input].name })
            }
        }
        return entries.sorted { $0.key < $1.key }.map(\.value)
    }

    /// The layer that is taken for each picture input that an output depends on; empty where there is one such input.
    func automaticLayers(forOutput output: ValueID) -> [BranchLayer] {
        let reaching = Set(inputs(reaching: output))
        let pictures = pictureInputs.filter { reaching.contains($0) }
        guard pictures.count > 1 else { return [] }
        return pictures.compactMap { input in
            layerCandidates(forOutput: output, from: explainedValue(of: input) ?? input).first.map {
                BranchLayer(
                    input: self[input].name, name: $0.layer.name, tensor: $0.layer.tensorName, reason: $0.reason)
            }
        }
    }

    /// The numbers in the constant operands of the node that computes a layer.
    fileprivate func parameterCount(behind layer: Layer) -> Int {
        guard let node = producingNode(of: layer.value),
            !["QuantizeLinear", "DequantizeLinear"].contains(node.operation)
        else { return 0 }
        return node.operands.reduce(0) { sum, operand in
            guard let constant = self[operand].constant, constant.elementType.isFloatingPoint else { return sum }
            return sum + constant.shape.count
        }
    }
}
