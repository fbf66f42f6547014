import ONNXFormat
import ONNXMessages
import Tensors

/// Models that were exported while they were trained.
///
/// Dropout in training mode is random, and BatchNormalization in training mode mixes the samples of a batch; a map must be
/// repeatable and depend on its own sample alone. Both are therefore computed as in inference, with the statistics that
/// the file has.
enum TrainingMode {
    /// Switches training modes off and tells of it.
    static func switchOff(in model: inout ModelProto) -> [String] {
        guard model.graph.containsNode(where: mayTrain) else { return [] }
        var names = UnusedNames(model)
        var dropouts: [String] = []
        var normalizations: [String] = []
        var truths = Set<String>()
        model.graph.rewriteBodies { graph in
            truths.formUnion(graph.truths)
            var nodes: [NodeProto] = []
            for node in graph.node {
                if isTraining(node, truths) { dropouts.append(node.label) }
                if isTrainingNormalization(node) { normalizations.append(node.label) }
                nodes += inference(node, truths, &names)
            }
            graph.node = nodes
        }
        return note(
            dropouts,
            "in training mode, which is random: it lets everything pass here, as in inference. Export the model after model.eval()."
        )
            + note(
                normalizations,
                "in training mode, which mixes the samples of a batch: it uses the statistics of the file here, as in inference. Export the model after model.eval()."
            )
    }

    private static func note(_ labels: [String], _ text: String) -> [String] {
        guard let first = labels.first else { return [] }
        return ["\(first)" + (labels.count > 1 ? " and \(labels.count - 1) more are " : " is ") + text]
    }

    private static func mayTrain(_ node: NodeProto) -> Bool {
        node.isStandard && (node.opType == "Dropout" && node.input.count > 2 || isTrainingNormalization(node))
    }

    private static func isTrainingNormalization(_ node: NodeProto) -> Bool {
        node.isStandard && node.opType == "BatchNormalization" && node.int("training_mode") ?? 0 != 0
    }

    private static func isTraining(_ node: NodeProto, _ truths: Set<String>) -> Bool {
        node.isStandard && node.opType == "Dropout" && node.input.count > 2 && truths.contains(node.input[2])
    }

    /// The node as it is in inference; statistics that training would have updated stay as they were.
    private static func inference(
        _ node: NodeProto, _ truths: Set<String>, _ names: inout UnusedNames
    ) -> [NodeProto] {
        var node = node
        if isTraining(node, truths) { node.input.removeLast(node.input.count - 2) }
        guard isTrainingNormalization(node) else { return [node] }
        node.attribute.removeAll { $0.name == "training_mode" }
        let statistics = zip(node.output.dropFirst(), node.input.dropFirst(3)).filter { !$0.0.isEmpty }
        node.output = Array(node.output.prefix(1))
        return [node] + statistics.map { NodeProto("Identity", [$0.1], [$0.0]) }
    }
}

extension GraphProto {
    /// The names of constants that are a single true.
    fileprivate var truths: Set<String> {
        func isTrue(_ tensor: TensorProto) -> Bool {
            guard tensor.dataType == ElementType.bool.rawValue, let value = try? AnyTensor(tensor) else { return false }
            return value.integers == [1]
        }
        var names = Set(initializer.filter(isTrue).map(\.name))
        for node in node where node.opType == "Constant" {
            if let value = node[attribute: "value"], value.hasT, isTrue(value.t) { names.formUnion(node.output) }
        }
        return names
    }
}
