import Graphs
import Tensors
import Testing

/// Results of recurrent networks are no maps, and are never chosen.
@Suite struct RecurrentLayerTests {
    /// A convolution over frames, a mean, a recurrent node over time, a classifier of its last step.
    private func network(_ operation: String, gates: Int, frames: Bool) throws -> Graph {
        var net = PositionAnalysisTests.Builder()
        let x = net.graph.addInput("x", type: .float32, shape: frames ? [1, 4, 3, 8, 8] : [4, 3, 8, 8])
        let pictures = frames ? net.reshape(x, [4, 3, 8, 8]) : x
        let convolved = net.node("Conv", [pictures, net.zeros([6, 3, 3, 3])], ["pads": .integers([1, 1, 1, 1])])
        let map = net.graph.append("Relu", [convolved], name: "last map")[0]
        let sequence = net.reshape(net.node("GlobalAveragePool", [map]), [4, 1, 6])
        let recurrent = net.graph.append(
            operation, [sequence, net.zeros([1, gates * 6, 6]), net.zeros([1, gates * 6, 6])],
            attributes: ["hidden_size": .integer(6)], name: "recurrent")[0]
        let last = net.reshape(net.slice(recurrent, 0, 3, 4), [1, 6])
        let logits = net.node("MatMul", [last, net.zeros([6, 5])])
        net.graph.outputs = [Graph.Output(name: "y", value: logits)]
        return try net.graph.specialised(to: [:], by: Models.evaluator())
    }

    @Test(arguments: [("LSTM", 4), ("GRU", 3), ("RNN", 1)], [true, false])
    func theLastMapOfTheConvolutionsIsChosen(_ kind: (name: String, gates: Int), frames: Bool) throws {
        let graph = try network(kind.name, gates: kind.gates, frames: frames)
        let choices = graph.layerCandidates(from: graph.inputs[0], to: graph.outputs[0].value)
        #expect(choices.first?.layer.tensorName == "last map")
        #expect(choices.first?.layer.layout?.shape == [4, 6, 8, 8])
        #expect(try graph.layer(named: "recurrent").layout == nil)
        #expect(!choices.contains { $0.layer.tensorName == "recurrent" })
    }

    /// A window over frames and their features is no map of the picture, although its result has four axes and more than one cell.
    @Test func windowsOverTimeAreNoMaps() throws {
        var net = PositionAnalysisTests.Builder()
        let x = net.graph.addInput("x", type: .float32, shape: [1, 4, 3, 8, 8])
        let convolved = net.node("Conv", [net.reshape(x, [4, 3, 8, 8]), net.zeros([6, 3, 3, 3])])
        let map = net.graph.append("Relu", [convolved], name: "last map")[0]
        let pooled = net.node("ReduceMean", [map, net.integers([2, 3])], ["keepdims": .integer(0)])
        let frames = net.node("Unsqueeze", [net.transpose(pooled, [1, 0]), net.integers([0, 3])])
        let time = net.graph.append(
            "Conv", [frames, net.zeros([5, 6, 3, 1])], attributes: ["pads": .integers([1, 0, 1, 0])], name: "time")[0]
        let activated = net.graph.append("Relu", [time], name: "activated time")[0]
        let flat = net.node("Flatten", [net.node("GlobalAveragePool", [activated])])
        net.graph.outputs = [Graph.Output(name: "y", value: flat)]
        let graph = try net.graph.specialised(to: [:], by: Models.evaluator())
        let choices = graph.layerCandidates(from: graph.inputs[0], to: graph.outputs[0].value)
        #expect(choices.first?.layer.tensorName == "last map")
        #expect(try graph.layer(named: "time").layout == nil && graph.layer(named: "activated time").layout == nil)
    }

    /// Each step of a sequence of columns carries all steps before it; the map in front of it is the last.
    @Test func stepsOverColumnsAreNoPlaces() throws {
        var net = PositionAnalysisTests.Builder()
        let x = net.graph.addInput("x", type: .float32, shape: [1, 3, 8, 6])
        let convolved = net.node("Conv", [x, net.zeros([6, 3, 8, 1])])
        let map = net.graph.append("Relu", [convolved], name: "columns")[0]
        let sequence = net.transpose(net.node("Squeeze", [map, net.integers([2])]), [2, 0, 1])
        let recurrent = net.graph.append(
            "RNN", [sequence, net.zeros([1, 6, 6]), net.zeros([1, 6, 6])], attributes: ["hidden_size": .integer(6)],
            name: "recurrent")[0]
        let steps = net.graph.append("Squeeze", [recurrent, net.integers([1])], name: "steps")[0]
        net.graph.outputs = [Graph.Output(name: "y", value: net.node("Softmax", [steps]))]
        let graph = try net.graph.specialised(to: [:], by: Models.evaluator())
        #expect(try graph.layer(named: "recurrent").layout == nil && graph.layer(named: "steps").layout == nil)
        #expect(
            try graph.automaticLayer(from: graph.inputs[0], to: graph.outputs[0].value).layer.tensorName == "columns")
    }
}
