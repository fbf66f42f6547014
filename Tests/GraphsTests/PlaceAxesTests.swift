import Graphs
import Runtime
import Tensors
import Testing

/// Inputs whose axes the first window tells: volumes, and pictures that the model folds into the batch.
@Suite struct PlaceAxesTests {
    private typealias Builder = PositionAnalysisTests.Builder

    private func specialised(
        _ shape: Shape, _ build: (inout Builder, ValueID) -> ValueID
    ) throws -> (graph: Graph, axes: PlaceAxes?) {
        var net = Builder()
        let x = net.graph.addInput("x", type: .float32, dimensions: shape.dimensions.map { .fixed($0) })
        let result = build(&net, x)
        net.graph.outputs = [Graph.Output(name: net.graph[result].name, value: result)]
        let graph = try net.graph.specialised(to: ["x": shape], by: Models.evaluator())
        return (graph, PlaceAxes(of: graph.inputs[0], in: graph))
    }

    private func convolution(
        _ net: inout Builder, _ x: ValueID, _ weight: Shape, stride: Int = 1
    ) -> ValueID {
        let axes = weight.rank - 2
        return net.node(
            "Conv", [x, net.zeros(weight)], ["strides": .integers([Int](repeating: stride, count: axes))])
    }

    @Test func plainPicturesAreKnownByTheirShape() throws {
        let first = try specialised([2, 3, 8, 12]) { net, x in convolution(&net, x, [4, 3, 3, 3]) }
        #expect(first.axes == PictureAxes([2, 3, 8, 12]).map { PlaceAxes($0) })
        #expect(first.axes?.samples == [0] && first.axes?.places == [2, 3] && first.axes?.batch == 2)
        let none = try specialised([2, 8, 12, 3]) { net, x in net.node("Relu", [x]) }
        #expect(none.axes?.places == [1, 2])
    }

    @Test func volumesHaveSlicesInFrontOfRows() throws {
        let channelsFirst = try specialised([2, 1, 6, 8, 10]) { net, x in convolution(&net, x, [4, 1, 3, 3, 3]) }
        #expect(channelsFirst.axes?.samples == [0] && channelsFirst.axes?.places == [2, 3, 4])
        let channelsLast = try specialised([1, 6, 8, 10, 2]) { net, x in
            convolution(&net, net.transpose(x, [0, 4, 1, 2, 3]), [4, 2, 3, 3, 3])
        }
        #expect(channelsLast.axes?.places == [1, 2, 3] && channelsLast.axes?.lengths == [6, 8, 10])
        // A volume without an axis of channels looks like a picture of six.
        let flat = try specialised([1, 6, 8, 10]) { net, x in
            convolution(&net, net.reshape(x, [1, 1, 6, 8, 10]), [4, 1, 3, 3, 3], stride: 2)
        }
        #expect(flat.axes?.places == [1, 2, 3])
        let layout = try #require(flat.graph.layers().last?.layout)
        #expect(
            layout.shape == [1, 4, 2, 3, 4] && layout.placement.slices == MapPlacement.Axis(centre: 1.5, stride: 2))
        // A single slice keeps its axis.
        let single = try specialised([1, 1, 1, 8, 10]) { net, x in convolution(&net, x, [4, 1, 1, 3, 3]) }
        #expect(single.axes?.places == [2, 3, 4])
        #expect(single.graph.layers().last?.layout?.shape == [1, 4, 1, 6, 8])
    }

    @Test func viewsCountPicturesWhateverTheirOrder() throws {
        let views = try specialised([2, 3, 3, 8, 10]) { net, x in
            convolution(&net, net.reshape(x, [6, 3, 8, 10]), [4, 3, 3, 3])
        }
        #expect(views.axes?.samples == [0, 1] && views.axes?.batch == 6 && views.axes?.places == [3, 4])
        #expect(views.graph.layers().last?.layout?.shape == [6, 4, 6, 8])
        // View by view: maps still come sample by sample.
        let turned = try specialised([2, 3, 3, 8, 10]) { net, x in
            convolution(&net, net.reshape(net.transpose(x, [1, 0, 2, 3, 4]), [6, 3, 8, 10]), [4, 3, 3, 3])
        }
        let layer = try #require(turned.graph.layers().last)
        let layout = try #require(layer.layout)
        #expect(layout.shape == [6, 4, 6, 8])
        var graph = turned.graph
        let map = graph.appendMap(of: layer.value, layout)
        graph.outputs = [Graph.Output(name: "map", value: map), Graph.Output(name: "layer", value: layer.value)]
        var suffix = graph.suffix(behind: [layer.value])
        suffix.outputs = [Graph.Output(name: "map", value: try #require(suffix.value(named: graph[map].name)))]
        let numbers = try Tensor<Float>(shape: layer.shape, elements: (0..<layer.shape.count).map(Float.init))
        let found = try Models.run(suffix, [layer.tensorName: AnyTensor(numbers)])[0].floatTensor
        for (row, origin) in [0, 2, 4, 1, 3, 5].enumerated() {
            #expect(found.slice(row) == numbers.slice(origin), "picture \(row)")
        }
    }

    @Test func picturesThatAreJoinedLaterHaveOneMap() throws {
        // Channel by channel in the batch, as a blur in front of the network: all that follows belongs to the whole picture.
        let blurred = try specialised([2, 3, 8, 10]) { net, x in
            let planes = convolution(&net, net.reshape(x, [6, 1, 8, 10]), [1, 1, 3, 3])
            return convolution(&net, net.reshape(planes, [2, 3, 6, 8]), [4, 3, 3, 3])
        }
        #expect(blurred.graph.layers().last?.layout?.shape == [2, 4, 4, 6])
        let joined = try specialised([1, 3, 3, 8, 10]) { net, x in
            let each = convolution(&net, net.reshape(x, [3, 3, 8, 10]), [4, 3, 3, 3])
            return convolution(
                &net, net.node("ReduceMax", [each, net.integers([0])], ["keepdims": .integer(1)]), [5, 4, 3, 3])
        }
        #expect(joined.graph.layers().last?.layout?.shape == [1, 5, 4, 6])
    }
}
