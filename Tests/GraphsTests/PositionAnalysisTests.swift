import Graphs
import Tensors
import Testing

/// Where elements lie, against running the graph: pictures whose pixels name themselves, and pictures of one bright pixel.
@Suite struct PositionAnalysisTests {
    /// Builds operators on a picture.
    struct Builder {
        var graph = Graph()

        mutating func node(_ operation: String, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:])
            -> ValueID
        {
            graph.append(operation, inputs, attributes: attributes)[0]
        }

        mutating func integers(_ values: [Int]) -> ValueID {
            graph.addConstant(AnyTensor(Tensor(vector: values.map { Int64($0) })))
        }

        mutating func reshape(_ value: ValueID, _ shape: [Int]) -> ValueID {
            node("Reshape", [value, integers(shape)])
        }

        mutating func transpose(_ value: ValueID, _ axes: [Int]) -> ValueID {
            node("Transpose", [value], ["perm": .integers(axes)])
        }

        mutating func slice(_ value: ValueID, _ axis: Int, _ start: Int, _ end: Int, by step: Int = 1) -> ValueID {
            node("Slice", [value, integers([start]), integers([end]), integers([axis]), integers([step])])
        }

        mutating func concatenate(_ values: [ValueID], _ axis: Int) -> ValueID {
            node("Concat", values, ["axis": .integer(axis)])
        }

        mutating func roll(_ value: ValueID, _ axis: Int, by shift: Int) -> ValueID {
            concatenate([slice(value, axis, shift, 1 << 40), slice(value, axis, 0, shift)], axis)
        }

        mutating func zeros(_ shape: Shape) -> ValueID { graph.addConstant(AnyTensor(zeros: .float32, shape: shape)) }
    }

    struct Movement: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let build: @Sendable (inout Builder, ValueID) -> ValueID

        init(_ name: String, _ build: @escaping @Sendable (inout Builder, ValueID) -> ValueID) {
            testDescription = name
            self.build = build
        }
    }

    static let shape: Shape = [2, 3, 8, 12]

    static let movements = [
        Movement("plain") { net, x in net.node("Identity", [x]) },
        Movement("channels last") { net, x in net.transpose(x, [0, 2, 3, 1]) },
        Movement("rows and columns swapped") { net, x in net.transpose(x, [0, 1, 3, 2]) },
        Movement("tokens") { net, x in net.transpose(net.reshape(x, [2, 3, 96]), [0, 2, 1]) },
        Movement("tokens first") { net, x in net.transpose(net.reshape(x, [2, 3, 96]), [2, 0, 1]) },
        Movement("flattened") { net, x in net.node("Flatten", [x], ["axis": .integer(1)]) },
        Movement("class token in front, registers behind") { net, x in
            let tokens = net.transpose(net.reshape(x, [2, 3, 96]), [0, 2, 1])
            return net.concatenate([net.zeros([2, 1, 3]), tokens, net.zeros([2, 4, 3])], 1)
        },
        Movement("shifted windows") { net, x in
            let last = net.transpose(x, [0, 2, 3, 1])
            let rolled = net.roll(net.roll(last, 1, by: 2), 2, by: 3)
            let windows = net.transpose(net.reshape(rolled, [2, 2, 4, 3, 4, 3]), [0, 1, 3, 2, 4, 5])
            return net.reshape(windows, [12, 16, 3])
        },
        Movement("grid groups") { net, x in
            net.reshape(net.transpose(net.reshape(x, [2, 3, 4, 2, 3, 4]), [0, 3, 5, 2, 4, 1]), [16, 12, 3])
        },
        Movement("patches unfolded into channels") { net, x in
            net.reshape(net.transpose(net.reshape(x, [2, 3, 4, 2, 6, 2]), [0, 2, 4, 3, 5, 1]), [2, 24, 12])
        },
        Movement("space to depth and back to rows") { net, x in
            net.node(
                "DepthToSpace", [net.node("SpaceToDepth", [x], ["blocksize": .integer(2)])], ["blocksize": .integer(2)])
        },
        Movement("split and joined in another order") { net, x in
            let parts = net.graph.append(
                "Split", [x, net.integers([5, 7])], attributes: ["axis": .integer(3)], outputCount: 2)
            return net.concatenate([parts[1], parts[0]], 3)
        },
        Movement("gathered rows") { net, x in
            net.node("Gather", [x, net.integers([7, 6, 5, 4, 3, 2, 1, 0])], ["axis": .integer(2)])
        },
        Movement("reversed by a slice") { net, x in net.slice(x, 3, -1, -(1 << 40), by: -1) },
        Movement("padded and cut again") { net, x in
            let padded = net.node("Pad", [x, net.integers([0, 0, 1, 2, 0, 0, 3, 2])])
            return net.slice(net.slice(padded, 2, 1, 9), 3, 2, 14)
        },
        Movement("gated by what has no place") { net, x in
            let gate = net.node("Sigmoid", [net.zeros([1, 3, 1, 1])])
            return net.node("Mul", [net.node("Mul", [x, gate]), net.graph.addConstant(AnyTensor(Tensor<Float>(2)))])
        },
    ]

    private func specialised(_ build: (inout Builder, ValueID) -> ValueID, shape: Shape) throws -> Graph {
        var net = Builder()
        let x = net.graph.addInput("x", type: .float32, shape: shape)
        let value = build(&net, x)
        net.graph.outputs = [Graph.Output(name: net.graph[value].name, value: value)]
        return try net.graph.specialised(to: [:], by: Models.evaluator())
    }

    private func layer(of graph: Graph) throws -> Layer {
        let output = graph.outputs[0].value
        return try #require(graph.layers().last { $0.value == output })
    }

    private func map(_ layer: Layer, in graph: Graph, _ x: AnyTensor) throws -> Tensor<Float> {
        var graph = graph
        let map = graph.appendMap(of: layer.value, try #require(layer.layout))
        graph.outputs = [Graph.Output(name: graph[map].name, value: map)]
        return try Models.run(graph, ["x": x])[0].floatTensor
    }

    @Test(arguments: movements)
    func movedPixelsComeBack(_ movement: Movement) throws {
        let graph = try specialised(movement.build, shape: Self.shape)
        let pixels = try Tensor(shape: Self.shape, elements: (0..<Self.shape.count).map { Float($0) })
        let layer = try layer(of: graph)
        #expect(try map(layer, in: graph, AnyTensor(pixels)) == pixels)
        let layout = try #require(layer.layout)
        #expect(layout.placement.rows.centre == 0.5 && layout.placement.columns.centre == 0.5)
        #expect(layout.placement.rows.stride == 1 && layout.placement.columns.stride == 1)
    }

    @Test func averagedPatchesLieInTheirMiddle() throws {
        let graph = try specialised(
            { net, x in
                let blocks = net.reshape(x, [2, 3, 4, 2, 6, 2])
                return net.node("ReduceMean", [blocks, net.integers([3, 5])], ["keepdims": .integer(0)])
            }, shape: Self.shape)
        let layout = try #require(try layer(of: graph).layout)
        #expect(layout.shape == [2, 3, 4, 6])
        #expect(layout.placement.rows == MapPlacement.Axis(centre: 1, stride: 2))
        #expect(layout.placement.columns == MapPlacement.Axis(centre: 1, stride: 2))
    }

    @Test func whatIsPooledOrMixedOverAllPlacesIsNoMap() throws {
        let pooled = try specialised({ net, x in net.node("GlobalAveragePool", [x]) }, shape: Self.shape)
        #expect(try layer(of: pooled).layout == nil)
        let mixed = try specialised(
            { net, x in net.node("MatMul", [net.reshape(x, [2, 3, 96]), net.zeros([96, 96])]) }, shape: Self.shape)
        #expect(try layer(of: mixed).layout == nil)
    }

    @Test func rowsOfAttentionBelongToTheirQueries() throws {
        let graph = try specialised(
            { net, x in
                let tokens = net.transpose(net.reshape(x, [2, 3, 96]), [0, 2, 1])
                let query = net.node("MatMul", [tokens, net.zeros([3, 4])])
                let key = net.transpose(net.node("MatMul", [tokens, net.zeros([3, 4])]), [0, 2, 1])
                let weights = net.node("Softmax", [net.node("MatMul", [query, key])], ["axis": .integer(-1)])
                return net.node("MatMul", [weights, net.node("MatMul", [tokens, net.zeros([3, 5])])])
            }, shape: Self.shape)
        #expect(try layer(of: graph).layout?.shape == [2, 5, 8, 12])
    }

    /// Kernel, stride, dilation, padding in front and behind.
    static let windows: [[Int]] = [
        [3, 1, 1, 0, 0], [3, 2, 1, 1, 1], [4, 2, 1, 1, 1], [2, 2, 1, 0, 0], [5, 3, 1, 0, 2], [3, 2, 2, 0, 0],
        [3, 1, 2, 2, 2],
        [7, 4, 1, 3, 3], [8, 8, 1, 0, 0],
    ]

    @Test(arguments: windows)
    func cellsLieWhereWindowsLook(_ window: [Int]) throws {
        let (kernel, stride, dilation, begin, end) = (window[0], window[1], window[2], window[3], window[4])
        // Weights that fall from the middle: a pixel excites the nearest centre most.
        let fall = (0..<kernel).map { Float(kernel) - abs(Float($0) - Float(kernel - 1) / 2) }
        let weights = fall.flatMap { row in fall.map { row * $0 } }
        let attributes: [String: Attribute] = [
            "strides": .integers([stride, stride]), "dilations": .integers([dilation, dilation]),
            "pads": .integers([begin, begin, end, end]), "kernel_shape": .integers([kernel, kernel]),
        ]
        let weight = AnyTensor(try Tensor(shape: [1, 1, kernel, kernel], elements: weights))
        let size = 33
        let graph = try specialised(
            { net, x in
                let first = net.node("Conv", [x, net.graph.addConstant(weight)], attributes)
                return net.node(
                    "AveragePool", [first],
                    [
                        "kernel_shape": .integers([2, 2]), "pads": .integers([0, 0, 1, 1]),
                        "count_include_pad": .integer(1),
                    ])
            }, shape: [1, 1, size, size])
        let layer = try layer(of: graph)
        let layout = try #require(layer.layout)
        let rows = layout.placement.rows
        let reach = Double(layout.height - 1) * rows.stride
        var tested = 0
        for pixel in Swift.stride(from: 0, to: size, by: 3) {
            var picture = Tensor<Float>(repeating: 0, shape: [1, 1, size, size])
            picture[0, 0, pixel, 16] = 1
            let map = try map(layer, in: graph, AnyTensor(picture))
            let position = Double(pixel) + 0.5
            guard let index = map.indexOfMaximum, map.elements[index] > 0, position >= rows.centre,
                position <= rows.centre + reach
            else { continue }
            let centre = rows.centre + Double(index / layout.width) * rows.stride
            // Between two centres both answer alike; the pooling's ties reach half a cell farther.
            #expect(abs(centre - position) <= rows.stride, "pixel \(pixel)")
            tested += 1
        }
        #expect(tested >= 2)
    }

    @Test func enlargedMapsKeepTheirMiddle() throws {
        for (mode, coordinates) in [("nearest", "asymmetric"), ("linear", "half_pixel"), ("linear", "align_corners")] {
            let graph = try specialised(
                { net, x in
                    let pooled = net.node(
                        "AveragePool", [x], ["kernel_shape": .integers([2, 2]), "strides": .integers([2, 2])])
                    let sizes = net.integers([2, 3, 16, 24])
                    return net.node(
                        "Resize", [pooled, nil, nil, sizes],
                        ["mode": .string(mode), "coordinate_transformation_mode": .string(coordinates)])
                }, shape: Self.shape)
            let rows = try #require(try layer(of: graph).layout).placement.rows
            // The middle of all cells is the middle of the picture, and corners that are aligned stay the first centres.
            #expect(abs(rows.centre + 7.5 * rows.stride - 4) < 1e-9, "\(mode) \(coordinates)")
            #expect(abs(rows.centre - (coordinates == "align_corners" ? 1 : 0.25)) < 1e-9, "\(mode) \(coordinates)")
        }
    }

    @Test func patchesBehindTheLastAttentionOfAClassTokenChangeNothing() throws {
        let graph = try specialised(
            { net, x in
                let patches = net.transpose(net.reshape(x, [2, 3, 96]), [0, 2, 1])
                let tokens = net.concatenate([net.zeros([2, 1, 3]), patches], 1)
                let keys = net.transpose(tokens, [0, 2, 1])
                let weights = net.node("Softmax", [net.node("MatMul", [tokens, keys])], ["axis": .integer(-1)])
                let sum = net.node("Add", [tokens, net.node("MatMul", [weights, tokens])])
                let last = net.node("Relu", [sum])
                return net.slice(last, 1, 0, 1)
            }, shape: Self.shape)
        let choice = try graph.automaticLayer(from: graph.inputs[0], to: graph.outputs[0].value)
        #expect(choice.layer.operation == "Concat")
        #expect(choice.reason.contains("whose cells the output reads") && choice.reason.contains("1 token without"))
    }
}
