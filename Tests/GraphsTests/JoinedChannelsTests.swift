import Graphs
import Tensors
import Testing

/// Values whose channels are joined, shifted or padded stay maps of all their channels, in the order that the value has them.
@Suite struct JoinedChannelsTests {
    typealias Movement = PositionAnalysisTests.Movement

    static let shape: Shape = [2, 3, 8, 12]

    /// Joins along channels in front: the value is its own map.
    static let joins = [
        Movement("constant maps") { net, x in net.concatenate([net.zeros([2, 2, 8, 12]), x], 1) },
        Movement("a pooled vector, expanded") { net, x in
            let pooled = net.node("Expand", [net.node("GlobalAveragePool", [x]), net.integers([2, 3, 8, 12])])
            return net.concatenate([x, pooled], 1)
        },
        Movement("a pooled vector, resized") { net, x in
            let pooled = net.node("GlobalMaxPool", [x])
            let large = net.node(
                "Resize", [pooled, nil, nil, net.integers([2, 3, 8, 12])], ["mode": .string("linear")])
            return net.concatenate([large, x, large], 1)
        },
        Movement("a pooled vector, tiled") { net, x in
            let pooled = net.node("Tile", [net.node("GlobalAveragePool", [x]), net.integers([1, 2, 8, 12])])
            return net.node("Relu", [net.concatenate([x, pooled], 1)])
        },
        Movement("the vector of another input") { net, x in
            let vector = net.graph.addInput("vector", type: .float32, shape: [2, 4, 1, 1])
            return net.concatenate([net.node("Expand", [vector, net.integers([2, 4, 8, 12])]), x], 1)
        },
        Movement("zeros for further channels") { net, x in
            net.node("Pad", [x, net.integers([0, 2, 0, 0, 0, 1, 0, 0])])
        },
        Movement("zeros for further channels of shifted ones") { net, x in
            let shifted = net.concatenate([net.roll(net.slice(x, 1, 0, 1), 3, by: 1), net.slice(x, 1, 1, 3)], 1)
            return net.node("Pad", [shifted, net.integers([0, 2, 0, 0, 0, 1, 0, 0])])
        },
        Movement("some channels rolled") { net, x in
            net.concatenate([net.roll(net.slice(x, 1, 0, 1), 2, by: 3), net.slice(x, 1, 1, 3)], 1)
        },
        Movement("some channels moved, zeros at the edge") { net, x in
            let moved = net.concatenate([net.zeros([2, 1, 8, 1]), net.slice(net.slice(x, 1, 0, 1), 3, 0, 11)], 3)
            return net.concatenate([moved, net.slice(x, 1, 1, 3)], 1)
        },
        Movement("some channels moved by an assignment") { net, x in
            let shifted = net.transpose(net.slice(net.slice(x, 1, 0, 1), 2, 1, 8), [2, 0, 1, 3])
            let plane = net.node(
                "ScatterND",
                [
                    net.zeros([8, 2, 1, 12]),
                    net.reshape(net.integers(Array(0..<7)), [7, 1]),
                    shifted,
                ])
            return net.concatenate([net.transpose(plane, [1, 2, 0, 3]), net.slice(x, 1, 1, 3)], 1)
        },
        Movement("turned-over channels behind the others") { net, x in
            net.concatenate([x, net.slice(net.slice(x, 1, 0, 1), 3, -1, -(1 << 40), by: -1)], 1)
        },
        Movement("a coarse map, enlarged corner on corner") { net, x in
            let coarse = net.node(
                "AveragePool", [x], ["kernel_shape": .integers([4, 6]), "strides": .integers([4, 6])])
            let large = net.node(
                "Resize", [coarse, nil, nil, net.integers([2, 3, 8, 12])],
                ["mode": .string("linear"), "coordinate_transformation_mode": .string("align_corners")])
            return net.concatenate([x, large], 1)
        },
    ]

    private func layer(_ movement: Movement) throws -> Layer {
        var net = PositionAnalysisTests.Builder()
        let x = net.graph.addInput("x", type: .float32, shape: Self.shape)
        let value = movement.build(&net, x)
        net.graph.outputs = [Graph.Output(name: net.graph[value].name, value: value)]
        let graph = try net.graph.specialised(to: [:], by: Models.evaluator())
        let output = graph.outputs[0].value
        return try #require(graph.layers().last { $0.value == output })
    }

    @Test(arguments: joins)
    func joinedChannelsStayChannels(_ join: Movement) throws {
        let layer = try layer(join)
        let layout = try #require(layer.layout)
        #expect(layout.shape == layer.shape)
        #expect(layout.steps.isEmpty && layout.tokensWithoutPlace == 0)
        for axis in [layout.placement.rows, layout.placement.columns] {
            #expect(axis == MapPlacement.Axis(centre: 0.5, stride: 1))
        }
    }

    /// Channels beside their cell move no cell of what is made of all channels.
    @Test(arguments: joins)
    func whatIsMadeOfJoinedChannelsLiesWhereTheyLie(_ join: Movement) throws {
        let layer = try layer(
            Movement(join.testDescription) { net, x in
                net.node("ReduceMean", [join.build(&net, x), net.integers([1])])
            })
        #expect(layer.layout?.shape == [2, 1, 8, 12])
        #expect(layer.layout?.placement.rows == MapPlacement.Axis(centre: 0.5, stride: 1))
        #expect(layer.layout?.placement.columns == MapPlacement.Axis(centre: 0.5, stride: 1))
    }

    @Test func channelsLastAndTokensKeepTheirJoinedChannels() throws {
        let last = try layer(
            Movement("last") { net, x in
                net.concatenate([net.transpose(x, [0, 2, 3, 1]), net.zeros([2, 8, 12, 4])], 3)
            })
        #expect(last.layout?.shape == [2, 7, 8, 12] && last.layout?.tokensWithoutPlace == 0)
        let tokens = try layer(
            Movement("tokens") { net, x in
                let patches = net.transpose(net.reshape(x, [2, 3, 96]), [0, 2, 1])
                let all = net.concatenate([net.zeros([2, 1, 3]), patches], 1)
                return net.concatenate([all, net.zeros([2, 97, 4])], 2)
            })
        #expect(tokens.layout?.shape == [2, 7, 8, 12] && tokens.layout?.tokensWithoutPlace == 1)
        let flat = try layer(
            Movement("flat") { net, x in
                net.node("Flatten", [net.concatenate([x, net.zeros([2, 2, 8, 12])], 1)], ["axis": .integer(1)])
            })
        #expect(flat.layout?.shape == [2, 5, 8, 12] && flat.layout?.tokensWithoutPlace == 0)
    }

    @Test func unfoldedPixelsAreStillPlacesAndJoinedOnesBelongToTheirPatch() throws {
        @Sendable func unfolded(_ net: inout PositionAnalysisTests.Builder, _ x: ValueID) -> ValueID {
            net.reshape(net.transpose(net.reshape(x, [2, 3, 4, 2, 6, 2]), [0, 2, 4, 3, 5, 1]), [2, 24, 12])
        }
        #expect(try layer(Movement("pixels", unfolded)).layout?.shape == [2, 3, 8, 12])
        let joined = try layer(
            Movement("joined") { net, x in net.concatenate([unfolded(&net, x), net.zeros([2, 24, 5])], 2) })
        #expect(joined.layout?.shape == [2, 17, 4, 6] && joined.layout?.tokensWithoutPlace == 0)
        #expect(joined.layout?.placement.rows == MapPlacement.Axis(centre: 1, stride: 2))
    }
}
