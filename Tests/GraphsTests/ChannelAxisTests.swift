import Graphs
import Tensors
import Testing

/// Which axis of an input holds the channels, by construction: what the first convolution or patch embedding reads.
@Suite struct ChannelAxisTests {
    typealias Builder = PositionAnalysisTests.Builder

    struct Stem: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let shape: Shape
        /// Nil where nothing tells.
        let axis: Int?
        let build: @Sendable (inout Builder, ValueID) -> ValueID

        init(
            _ name: String, _ shape: Shape, _ axis: Int?,
            _ build: @escaping @Sendable (inout Builder, ValueID) -> ValueID
        ) {
            (testDescription, self.shape, self.axis, self.build) = (name, shape, axis, build)
        }
    }

    private static func convolution(
        _ net: inout Builder, _ value: ValueID, _ weight: Shape, _ attributes: [String: Attribute] = [:]
    ) -> ValueID {
        net.node("Conv", [value, net.zeros(weight)], attributes)
    }

    static let stems = [
        Stem("strip one column wide", [1, 11, 60, 1], 1) { net, x in convolution(&net, x, [8, 11, 3, 1]) },
        Stem("strip three columns wide", [1, 6, 48, 3], 1) { net, x in convolution(&net, x, [8, 6, 3, 3]) },
        Stem("strip one row high", [1, 40, 1, 60], 1) { net, x in convolution(&net, x, [8, 40, 1, 3]) },
        Stem("more channels than pixels", [2, 64, 8, 8], 1) { net, x in convolution(&net, x, [8, 64, 3, 3]) },
        Stem("many channels last", [2, 8, 8, 64], 3) { net, x in
            convolution(&net, net.transpose(x, [0, 3, 1, 2]), [8, 64, 3, 3])
        },
        Stem("three rows, channels last", [1, 3, 20, 5], 3) { net, x in
            convolution(&net, net.transpose(x, [0, 3, 1, 2]), [8, 5, 3, 3])
        },
        Stem("one channel, last", [1, 4, 40, 1], 3) { net, x in
            convolution(&net, net.transpose(x, [0, 3, 1, 2]), [8, 1, 3, 3])
        },
        Stem("one channel, by a reshape", [1, 1, 4, 40], 1) { net, x in
            convolution(&net, net.reshape(x, [1, 1, 4, 40]), [8, 1, 3, 3])
        },
        Stem("colours turned round and normalised", [1, 20, 4, 3], 3) { net, x in
            let turned = net.node("Gather", [x, net.integers([2, 1, 0])], ["axis": .integer(3)])
            let centred = net.node("Sub", [turned, net.zeros([1, 1, 1, 3])])
            return convolution(&net, net.transpose(centred, [0, 3, 1, 2]), [8, 3, 3, 3])
        },
        Stem("every channel normalised by itself", [1, 3, 4, 3], 1) { net, x in
            let parts = (0..<3).map { net.node("Mul", [net.slice(x, 1, $0, $0 + 1), net.zeros([1])]) }
            return convolution(&net, net.concatenate(parts, 1), [8, 3, 3, 3])
        },
        Stem("grey by a mean over the colours", [1, 3, 8, 4], 1) { net, x in
            convolution(&net, net.node("ReduceMean", [x, net.integers([1])]), [8, 1, 3, 3])
        },
        Stem("each channel by itself", [1, 6, 48, 4], 1) { net, x in
            convolution(&net, x, [6, 1, 3, 3], ["group": .integer(6)])
        },
        Stem("pixels of four phases as channels", [1, 6, 48, 4], 1) { net, x in
            let phases = [(0, 0), (1, 0), (0, 1), (1, 1)].map { row, column in
                net.slice(net.slice(x, 2, row, 48, by: 2), 3, column, 4, by: 2)
            }
            return convolution(&net, net.concatenate(phases, 1), [8, 24, 3, 3], ["pads": .integers([1, 1, 1, 1])])
        },
        Stem("padded and resized first", [1, 6, 20, 3], 1) { net, x in
            let padded = net.node("Pad", [x, net.integers([0, 0, 1, 1, 0, 0, 1, 1])])
            let sized = net.node(
                "Resize", [padded, nil, nil, net.integers([1, 6, 11, 10])], ["mode": .string("linear")])
            return convolution(&net, sized, [8, 6, 3, 3])
        },
        Stem("patches by a reshape, channels first", [1, 8, 12, 4], 1) { net, x in
            let patches = net.transpose(net.reshape(x, [1, 8, 3, 4, 2, 2]), [0, 2, 4, 3, 5, 1])
            return net.node("MatMul", [net.reshape(patches, [1, 6, 64]), net.zeros([64, 5])])
        },
        Stem("patches by a reshape, channels last", [1, 4, 12, 8], 3) { net, x in
            let patches = net.transpose(net.reshape(x, [1, 2, 2, 3, 4, 8]), [0, 1, 3, 2, 4, 5])
            return net.node("MatMul", [net.reshape(patches, [1, 6, 64]), net.zeros([64, 5])])
        },
        Stem("one plane with another input", [1, 1, 20, 3], 1) { net, x in
            let depth = net.graph.addInput("depth", type: .float32, shape: [1, 5, 20, 3])
            return convolution(&net, net.concatenate([x, depth], 1), [8, 6, 3, 3])
        },
        Stem("poolings alone", [1, 6, 20, 3], 1) { net, x in net.node("GlobalAveragePool", [x]) },
        Stem("resized by matrices, then a convolution", [1, 6, 20, 3], 1) { net, x in
            convolution(&net, net.node("MatMul", [x, net.zeros([3, 5])]), [8, 6, 3, 3])
        },
        Stem("picture without an axis of samples", [5, 20, 3], 0) { net, x in
            convolution(&net, net.node("Unsqueeze", [x, net.integers([0])]), [8, 5, 3, 3])
        },
        Stem("flattened", [1, 3, 8, 8], nil) { net, x in
            net.node("MatMul", [net.node("Flatten", [x]), net.zeros([192, 5])])
        },
        Stem("one token a strip of whole rows", [1, 6, 8, 3], nil) { net, x in
            net.node("MatMul", [net.reshape(x, [1, 6, 24]), net.zeros([24, 5])])
        },
    ]

    @Test(arguments: stems)
    func theFirstConvolutionDecides(_ stem: Stem) throws {
        var net = Builder()
        let x = net.graph.addInput("x", type: .float32, shape: stem.shape)
        let y = stem.build(&net, x)
        net.graph.outputs = [Graph.Output(name: net.graph[y].name, value: y)]
        let graph = try net.graph.specialised(to: [:], by: Models.evaluator())
        let input = try #require(graph.value(named: "x"))
        #expect(graph.channelAxis(of: input) == stem.axis)
        let axes = try #require(graph.pictureAxes(of: input))
        if let axis = stem.axis {
            #expect(axes.channelAxis == axis)
            #expect([axes.rowAxis, axes.columnAxis] == (1...3).map { $0 + stem.shape.rank - 4 }.filter { $0 != axis })
            #expect(graph.layoutGuess(of: input) == nil)
        } else {
            #expect(graph.layoutGuess(of: input)?.contains("which is a guess") == true)
        }
    }
}
