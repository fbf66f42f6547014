package import Graphs
import Tensors

/// Writes a convolutional network as a graph, layer by layer, with the weights of a checkpoint.
///
/// A layer's weights carry the names that they have in the checkpoint, and its nodes the module path under which people
/// know it. BatchNormalization stays a node of its own: the engine folds it, and methods that need it see it.
package struct NetworkBuilder {
    /// A map that flows through the network: [N, `channels`, `size`, `size`].
    package struct FeatureMap: Sendable {
        package let value: ValueID
        package let channels: Int
        package let size: Int
    }

    /// The graph so far.
    package private(set) var graph = Graph()
    private let weights: Checkpoint
    private var used: Set<String> = []
    private var path: [String] = []
    private var clipBounds: (ValueID, ValueID)?

    package init(weights: Checkpoint) {
        self.weights = weights
    }

    /// Adds the input: [batch, `channels`, `size`, `size`] with a free batch.
    package mutating func input(_ name: String, channels: Int, size: Int) -> FeatureMap {
        let dimensions: [Graph.Dimension] = [.symbolic("batch"), .fixed(channels), .fixed(size), .fixed(size)]
        let value = graph.addInput(name, type: .float32, dimensions: dimensions)
        return FeatureMap(value: value, channels: channels, size: size)
    }

    /// Adds layers inside a module: their paths and the names of their weights begin with `names`.
    package mutating func module<Result>(
        _ names: String..., body: (inout NetworkBuilder) throws(TrainingError) -> Result
    ) throws(TrainingError) -> Result {
        path += names
        defer { path.removeLast(names.count) }
        return try body(&self)
    }

    /// Adds convolution, batch normalization and, where asked, min(max(x, 0), 6), as one layer named after the convolution.
    ///
    /// The convolution has no bias and TensorFlow's SAME padding: ⌈size / stride⌉ positions along each side, what is
    /// missing is added as zeros, the odd one at the end.
    package mutating func convolution(
        _ input: FeatureMap, name: String, normalization: String, channels: Int, kernel: Int, stride: Int = 1,
        groups: Int = 1, epsilon: Float, relu6: Bool
    ) throws(TrainingError) -> FeatureMap {
        let kernelShape: Shape = [channels, input.channels / groups, kernel, kernel]
        let weight = try self.weight("\(name).weight", kernelShape)
        let parameters = ["weight", "bias", "running_mean", "running_var"]
        var statistics: [ValueID?] = []
        for parameter in parameters {
            statistics.append(try self.weight("\(normalization).\(parameter)", [channels]))
        }
        let size = (input.size + stride - 1) / stride
        let missing = max(0, (size - 1) * stride + kernel - input.size)
        let (before, after) = (missing / 2, missing - missing / 2)
        return try module(name) { builder throws(TrainingError) in
            var value = builder.append(
                "Conv", [input.value, weight],
                [
                    "kernel_shape": .integers([kernel, kernel]), "strides": .integers([stride, stride]),
                    "pads": .integers([before, before, after, after]), "group": .integer(groups),
                ])
            value = builder.append("BatchNormalization", [value] + statistics, ["epsilon": .float(epsilon)])
            if relu6 { value = builder.clip(value) }
            return FeatureMap(value: value, channels: channels, size: size)
        }
    }

    /// Adds the sum of two maps of one shape.
    package mutating func sum(_ left: FeatureMap, _ right: FeatureMap) -> FeatureMap {
        FeatureMap(
            value: append("Add", [left.value, right.value]), channels: left.channels, size: left.size)
    }

    /// Adds global average pooling and a linear layer: [N, `classes`].
    package mutating func linearHead(_ input: FeatureMap, name: String, classes: Int) throws(TrainingError) -> ValueID {
        let weight = try self.weight("\(name).weight", [classes, input.channels])
        let bias = try self.weight("\(name).bias", [classes])
        let pooled = append("GlobalAveragePool", [input.value])
        let flat = append("Flatten", [pooled], ["axis": .integer(1)])
        return try module(name) { builder throws(TrainingError) in
            builder.append("Gemm", [flat, weight, bias], ["transB": .integer(1)])
        }
    }

    /// The finished graph, whose only output is `output`; fails where the checkpoint has weights that no layer took.
    package consuming func finished(
        output: ValueID, name: String, dimensions: [Graph.Dimension]
    ) throws(TrainingError) -> Graph {
        // The number of training steps that a normalization saw is of no use here.
        let unused = weights.entries.map(\.name).filter { !used.contains($0) && !$0.hasSuffix(".num_batches_tracked") }
        if let first = unused.first { throw .unusedWeights(first: first, count: unused.count) }
        graph[output].type = .float32
        graph[output].declared = dimensions
        graph.outputs = [Graph.Output(name: name, value: output)]
        return graph
    }

    private mutating func append(
        _ operation: String, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:]
    ) -> ValueID {
        let name = (path + [operation]).joined(separator: ".")
        let origin = Origin(name: name, modulePath: path)
        return graph.append(operation, inputs, attributes: attributes, origin: origin)[0]
    }

    private mutating func clip(_ value: ValueID) -> ValueID {
        let bounds =
            clipBounds
            ?? (
                graph.addConstant(AnyTensor(Tensor<Float>(0)), name: "relu6.minimum"),
                graph.addConstant(AnyTensor(Tensor<Float>(6)), name: "relu6.maximum")
            )
        clipBounds = bounds
        return append("Clip", [value, bounds.0, bounds.1])
    }

    private mutating func weight(_ name: String, _ shape: Shape) throws(TrainingError) -> ValueID {
        let full = (path + [name]).joined(separator: ".")
        guard let tensor = weights[full] else { throw .missingWeight(name: full) }
        guard tensor.shape == shape, tensor.elementType.isFloatingPoint else {
            throw .unfitWeight(name: full, found: "\(tensor.elementType)\(tensor.shape)", expected: "f32\(shape)")
        }
        used.insert(full)
        return graph.addConstant(
            tensor.elementType == .float32 ? tensor : AnyTensor(tensor.floatTensor), name: full)
    }
}
