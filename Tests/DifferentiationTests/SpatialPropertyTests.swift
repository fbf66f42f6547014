import Differentiation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Spatial operators with random shapes and attributes: ⟨gradient, direction⟩ against the central difference along random
/// directions.
///
/// Inputs are distinct odd multiples of 1/8 and steps are at most 1/64, so no maximum and no sign changes on the way. The
/// difference of float32 results over 1/32 is wrong by less than 1e-3 of the summed magnitudes; a wrong rule by far more.
@Suite struct SpatialPropertyTests {
    static let seed: UInt64 = 20_261_121
    static let draws = 24
    static let step: Float = 1 / 64
    static let tolerance = 3e-3

    struct Draw {
        var operation = ""
        var shapes: [Shape] = []
        var constants: [AnyTensor?] = []
        var attributes: [String: Attribute] = [:]
    }

    @Test(arguments: ["Conv", "ConvTranspose", "AveragePool", "MaxPool", "LpPool", "Resize", "GridSample", "Col2Im"])
    func gradientsEqualDirectionalDifferences(operation: String) throws {
        let derivatives = try Derivatives()
        var random = SeededGenerator(seed: Self.seed)
        var tested = 0
        for number in 0..<6 * Self.draws where tested < Self.draws {
            let draw = try Self.draw(operation, &random)
            // Not every draw fits together, the engine tells; windows larger than the input leave an empty result.
            guard let graph = try? derivatives.specialised(Self.graph(of: draw)),
                graph.shape(of: graph.outputs[0].value)?.count != 0
            else { continue }
            try check(graph, draw, derivatives, &random, "\(operation), draw \(number) of seed \(Self.seed): \(draw)")
            tested += 1
        }
        #expect(tested == Self.draws)
    }

    private static func graph(of draw: Draw) -> Graph {
        var graph = Graph()
        let inputs = draw.shapes.enumerated().map { graph.addInput("x\($0)", type: .float32, shape: $1) }
        let constants = draw.constants.map { tensor in tensor.map { graph.addConstant($0) } }
        let result = graph.append(draw.operation, inputs + constants, attributes: draw.attributes, name: "y")[0]
        graph.outputs = [Graph.Output(name: "y", value: result)]
        return graph
    }

    private func check(
        _ graph: Graph, _ draw: Draw, _ derivatives: Derivatives, _ random: inout SeededGenerator, _ label: String
    ) throws {
        let names = draw.shapes.indices.map { "x\($0)" }
        let values = zip(names, draw.shapes).map { _, shape in
            (0..<shape.count).map { Float(2 * ($0 - shape.count / 2) + 1) / 8 }.shuffled(using: &random)
        }
        let feed = try Dictionary(
            uniqueKeysWithValues: names.indices.map { (names[$0], try floats(values[$0], draw.shapes[$0])) })
        let shape = try #require(graph.shape(of: graph.outputs[0].value))
        let seed = (0..<shape.count).map { _ in Float(Int.random(in: -8...8, using: &random)) / 8 }
        let found = try derivatives.gradients(
            graph, of: ["y"], at: names, inputs: feed, seeds: [try floats(seed, shape)])
        let program = try derivatives.engine.load(graph)
        for (index, name) in names.enumerated() {
            let direction = values[index].map { _ in Float(Int.random(in: -4...4, using: &random)) / 4 }
            func result(_ sign: Float) throws -> [Float] {
                var moved = feed
                moved[name] = try floats(
                    zip(values[index], direction).map { $0 + sign * Self.step * $1 }, draw.shapes[index])
                return try program.run(moved, outputs: ["y"])[0].floats
            }
            let difference = zip(seed, zip(try result(1), try result(-1))).reduce(0.0) {
                $0 + Double($1.0) * (Double($1.1.0) - Double($1.1.1))
            }
            let gradient = try #require(found[index]).floats
            let products = zip(gradient, direction).map { Double($0) * Double($1) }
            let size = max(products.reduce(0) { $0 + abs($1) }, 1)
            #expect(
                abs(difference / (2 * Double(Self.step)) - products.reduce(0, +)) <= Self.tolerance * size,
                "operand \(index) of \(label)")
        }
    }

    // MARK: Draws

    private static func draw(_ operation: String, _ random: inout SeededGenerator) throws -> Draw {
        var draw: Draw
        switch operation {
        case "Conv", "ConvTranspose": draw = convolution(operation, &random)
        case "Resize": draw = resizing(&random)
        case "GridSample": draw = try sampling(&random)
        case "Col2Im": draw = unfolding(&random)
        default: draw = pooling(operation, &random)
        }
        draw.operation = operation
        return draw
    }

    private static func window(
        rank: Int, _ random: inout SeededGenerator, automatic: Bool = true
    ) -> [String: Attribute] {
        func list(_ range: ClosedRange<Int>, _ count: Int) -> Attribute {
            .integers((0..<count).map { _ in Int.random(in: range, using: &random) })
        }
        var attributes: [String: Attribute] = ["strides": list(1...3, rank), "dilations": list(1...2, rank)]
        let mode = automatic ? ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"].randomElement(using: &random) : "NOTSET"
        if let mode, mode != "NOTSET" {
            attributes["auto_pad"] = .string(mode)
        } else {
            attributes["pads"] = list(0...1, 2 * rank)
        }
        return attributes
    }

    private static func lengths(_ count: Int, _ range: ClosedRange<Int>, _ random: inout SeededGenerator) -> [Int] {
        (0..<count).map { _ in Int.random(in: range, using: &random) }
    }

    private static func convolution(_ operation: String, _ random: inout SeededGenerator) -> Draw {
        let rank = Int.random(in: 1...3, using: &random)
        let group = Int.random(in: 1...2, using: &random)
        let (inputs, outputs) = (group * Int.random(in: 1...2, using: &random), Int.random(in: 1...2, using: &random))
        let kernel = lengths(rank, 1...3, &random)
        let input = lengths(rank, rank == 3 ? 2...4 : 3...7, &random)
        var attributes = window(rank: rank, &random)
        // The engine's convolution does not pad dilated windows by itself.
        if operation == "Conv", attributes["auto_pad"] != nil { attributes["dilations"] = nil }
        attributes["group"] = .integer(group)
        let batch = Int.random(in: 1...2, using: &random)
        let isTransposed = operation == "ConvTranspose"
        let weight = isTransposed ? [inputs, outputs] : [outputs * group, inputs / group]
        if isTransposed, attributes["auto_pad"] == nil, Bool.random(using: &random) {
            attributes["output_padding"] = .integers(lengths(rank, 0...1, &random))
        }
        return Draw(
            shapes: [Shape([batch, inputs] + input), Shape(weight + kernel), [outputs * group]],
            attributes: attributes)
    }

    private static func pooling(_ operation: String, _ random: inout SeededGenerator) -> Draw {
        let rank = Int.random(in: 1...3, using: &random)
        var attributes = window(rank: rank, &random)
        // Windows with gaps between them: not where rounding decides about the last one.
        let isCeiled = Bool.random(using: &random)
        let kernel = lengths(rank, 2...3, &random)
        attributes["kernel_shape"] = .integers(kernel)
        attributes["ceil_mode"] = .integer(isCeiled ? 1 : 0)
        if isCeiled || attributes["auto_pad"] != nil, case .integers(let strides)? = attributes["strides"] {
            attributes["strides"] = .integers(zip(strides, kernel).map { min($0, $1) })
        }
        if operation == "AveragePool" {
            attributes["count_include_pad"] = .integer(Int.random(in: 0...1, using: &random))
        }
        if operation == "LpPool" { attributes["p"] = .integer(Int.random(in: 1...3, using: &random)) }
        if operation == "MaxPool" { attributes["storage_order"] = .integer(Int.random(in: 0...1, using: &random)) }
        return Draw(
            shapes: [Shape(lengths(2, 1...2, &random) + lengths(rank, rank == 3 ? 3...4 : 4...8, &random))],
            attributes: attributes)
    }

    private static func resizing(_ random: inout SeededGenerator) -> Draw {
        let shape = Shape(lengths(2, 1...2, &random) + lengths(2, 2...6, &random))
        let mode = ["nearest", "linear", "cubic"].randomElement(using: &random) ?? "linear"
        let coordinates =
            [
                "half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric",
                "tf_crop_and_resize",
            ].randomElement(using: &random) ?? "half_pixel"
        var attributes: [String: Attribute] = [
            "mode": .string(mode), "coordinate_transformation_mode": .string(coordinates),
            "exclude_outside": .integer(mode == "cubic" ? Int.random(in: 0...1, using: &random) : 0),
            "cubic_coeff_a": .float([-0.5, -0.75].randomElement(using: &random) ?? -0.5),
            "nearest_mode": .string(
                ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"].randomElement(using: &random) ?? "floor"),
        ]
        if mode != "nearest", coordinates != "tf_crop_and_resize" {
            attributes["antialias"] = .integer(Int.random(in: 0...1, using: &random))
        }
        let starts = (0..<2).map { _ in Float.random(in: -0.2...0.4, using: &random) }
        let ends = (0..<2).map { _ in Float.random(in: 0.6...1.2, using: &random) }
        let region: [Float] = [0, 0, starts[0], starts[1], 1, 1, ends[0], ends[1]]
        let place = coordinates == "tf_crop_and_resize" ? AnyTensor(Tensor(vector: region)) : nil
        let channels = Array(shape.dimensions.prefix(2))
        if Bool.random(using: &random) {
            let sizes = channels + lengths(2, 1...12, &random)
            return Draw(
                shapes: [shape], constants: [place, nil, AnyTensor(Tensor(vector: sizes.map { Int64($0) }))],
                attributes: attributes)
        }
        let factors: [Float] = [0.5, 0.6, 1, 1.7, 2, 3, 2.5]
        let scales = [1, 1] + (0..<2).map { _ in factors.randomElement(using: &random) ?? 1 }
        return Draw(
            shapes: [shape], constants: [place, AnyTensor(Tensor(vector: scales))], attributes: attributes)
    }

    /// The grid is an operand of its own in the golden cases; here it is constant, so that no step crosses a kink.
    private static func sampling(_ random: inout SeededGenerator) throws -> Draw {
        let batch = Int.random(in: 1...2, using: &random)
        let points = lengths(2, 1...4, &random)
        let places = (0..<batch * points[0] * points[1] * 2).map { _ in Float.random(in: -1.6...1.6, using: &random) }
        let grid = try Tensor(shape: Shape([batch] + points + [2]), elements: places)
        return Draw(
            shapes: [Shape([batch, Int.random(in: 1...2, using: &random)] + lengths(2, 2...5, &random))],
            constants: [AnyTensor(grid)],
            attributes: [
                "mode": .string(["linear", "nearest", "cubic"].randomElement(using: &random) ?? "linear"),
                "padding_mode": .string(["zeros", "border", "reflection"].randomElement(using: &random) ?? "zeros"),
                "align_corners": .integer(Int.random(in: 0...1, using: &random)),
            ])
    }

    private static func unfolding(_ random: inout SeededGenerator) -> Draw {
        let picture = lengths(2, 5...7, &random)
        let block = lengths(2, 1...3, &random)
        var attributes = window(rank: 2, &random, automatic: false)
        guard case .integers(let strides)? = attributes["strides"], case .integers(let pads)? = attributes["pads"],
            case .integers(let dilations)? = attributes["dilations"]
        else { return Draw() }
        var counts: [Int] = []
        for axis in 0..<2 {
            let padded = picture[axis] + pads[axis] + pads[axis + 2]
            let span: Int = dilations[axis] * (block[axis] - 1) + 1
            counts.append((padded - span) / strides[axis] + 1)
        }
        attributes["auto_pad"] = nil
        let columns = Shape([2, 2 * block[0] * block[1], counts[0] * counts[1]])
        return Draw(
            shapes: [columns],
            constants: [picture, block].map { AnyTensor(Tensor(vector: $0.map { Int64($0) })) }, attributes: attributes)
    }
}
