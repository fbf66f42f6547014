import Explanations
import Foundation
import Graphs
import Tensors
import TestSupport
import Testing

/// Methods that look at no model, against scikit-image (`Scripts/golden/edges.py`) and closed forms.
@Suite struct ReferenceTests {
    struct Index: Decodable {
        struct Edges: Decodable {
            let method: String
            let edges: [String]
        }

        let height: Int
        let width: Int
        let picture: [Float]
        let sobel: [Float]
        let canny: [Edges]
    }

    static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(
        path: "Golden/reference/edges.json")

    static func index() throws -> Index { try JSONDecoder().decode(Index.self, from: Data(contentsOf: file)) }

    /// A model of pictures; what it does is nothing to these methods.
    static func attributor(_ channels: Int, _ height: Int, _ width: Int, channelsLast: Bool = false) throws
        -> Attributor
    {
        var graph = Graph()
        let axes = channelsLast ? [height, width, channels] : [channels, height, width]
        let x = graph.addInput(
            "x", type: .float32, dimensions: [.symbolic("n")] + axes.map { Graph.Dimension.fixed($0) })
        let flat = graph.append("Flatten", [x], name: "flat")[0]
        graph.outputs = [Graph.Output(name: "flat", value: flat)]
        return try Toys.attributor(graph)
    }

    static func map(
        _ method: String, _ picture: Tensor<Float>, in attributor: Attributor, settings: RunSettings = RunSettings()
    ) throws -> Attribution {
        try attributor.attribute(
            inputs: ["x": AnyTensor(picture)], target: .classIndex(0), methods: [MethodSpecification(parsing: method)],
            settings: settings)[0]
    }

    /// The golden picture as a model sees it, scaled channel by channel, with what says so.
    static func picture(_ index: Index, channelsLast: Bool = false) throws -> (Tensor<Float>, RunSettings) {
        let mean: [Float] = [0.5, 0.25, 0.375]
        let deviation: [Float] = [0.25, 0.5, 0.125]
        let size = index.height * index.width
        let values = (0..<3 * size).map { place -> Float in
            let (channel, pixel) = channelsLast ? (place % 3, place / 3) : (place / size, place % size)
            return (index.picture[channel * size + pixel] / 255 - mean[channel]) / deviation[channel]
        }
        var settings = RunSettings()
        settings.space = InputSpace(
            black: (0..<3).map { -mean[$0] / deviation[$0] }, white: (0..<3).map { (1 - mean[$0]) / deviation[$0] })
        let axes = channelsLast ? [1, index.height, index.width, 3] : [1, 3, index.height, index.width]
        return (try Tensor(shape: Shape(axes), elements: values), settings)
    }

    @Test(arguments: [false, true]) func edgesAreThoseOfScikitImage(channelsLast: Bool) throws {
        let index = try Self.index()
        let (picture, settings) = try Self.picture(index, channelsLast: channelsLast)
        let attributor = try Self.attributor(3, index.height, index.width, channelsLast: channelsLast)
        let sobel = try Self.map("sobel", picture, in: attributor, settings: settings)
        #expect(sobel.values.shape == [1, 1, index.height, index.width])
        #expect(zip(sobel.values.elements, index.sobel).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(index.canny.count == 4)
        for golden in index.canny {
            let found = try Self.map(golden.method, picture, in: attributor, settings: settings)
            let lines = (0..<index.height).map { row in
                (0..<index.width).map { found.values[0, 0, row, $0] > 0 ? "#" : "." }.joined()
            }
            #expect(lines == golden.edges, "\(golden.method)")
        }
    }

    @Test func aRampHasOneSlope() throws {
        // 1/6 a pixel down, since black and white are not known and 0…3 becomes 0…1: √2 of it inside, half of that at the mirrored border.
        let values = (0..<35).map { Float($0 / 5) * 0.5 }
        let picture = try Tensor(shape: [1, 1, 7, 5], elements: values)
        let found = try Self.map("sobel", picture, in: Self.attributor(1, 7, 5)).values
        let slope = Float(1 / 6.0 * 2.0.squareRoot())
        for place in found.elements.indices {
            let expected = [0, 6].contains(place / 5) ? slope / 2 : slope
            #expect(abs(found.elements[place] - expected) < 1e-6)
        }
        // A ramp has no place where it is steepest but all; a step of one row has one line.
        let step = picture.map { $0 < 1.5 ? Float(0) : 9 }
        let edges = try Self.map("canny:sigma=0", step, in: Self.attributor(1, 7, 5)).values
        #expect(edges.elements.contains(1) && edges.elements.allSatisfy { $0 == 0 || $0 == 1 })
    }

    @Test func mapsWithoutAPictureHaveTheirForms() throws {
        let attributor = try Self.attributor(2, 4, 6)
        var generator = SeededGenerator(seed: 1)
        let pictures = Tensor<Float>(repeating: 0, shape: [2, 2, 4, 6]).map { _ in Float(generator.nextNormal()) }
        let constant = try Self.map("constant", pictures, in: attributor).values
        #expect(constant.shape == [2, 1, 4, 6] && constant.elements.allSatisfy { $0 == 1 })
        let bell = try Self.map("centred-gaussian:sigma=0.5", pictures, in: attributor).values
        for (row, column) in [(0, 0), (1, 2), (3, 5)] {
            let (down, right) = ((Double(row) - 1.5) / 2, (Double(column) - 2.5) / 3)
            #expect(abs(Double(bell[1, 0, row, column]) - exp(-(down * down + right * right) / 2)) < 1e-6)
        }
        #expect(bell.slice(0) == bell.slice(1))
        // A quarter of 4 x 6: half of each side.
        let box = try Self.map("centred-box:area=0.25", pictures, in: attributor).values
        #expect(
            box.slice(1).elements == [
                0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0,
            ])
        let random = try Self.map("random-map", pictures, in: attributor).values
        #expect(random.slice(0) != random.slice(1))
        #expect(try Self.map("random-map", pictures, in: attributor).values == random)
        #expect(try Self.map("random-map:seed=1", pictures, in: attributor).values != random)
        // Another model, the same picture: the same map.
        let other = try Toys.attributor(Self.squared(2, 4, 6))
        #expect(try Self.map("random-map", pictures, in: other).values == random)
    }

    private static func squared(_ channels: Int, _ height: Int, _ width: Int) -> Graph {
        var graph = Graph()
        let x = graph.addInput(
            "x", type: .float32,
            dimensions: [.symbolic("n")] + [channels, height, width].map { Graph.Dimension.fixed($0) })
        let squares = graph.append("Mul", [x, x], name: "squares")[0]
        let flat = graph.append("Flatten", [squares], name: "flat")[0]
        graph.outputs = [Graph.Output(name: "flat", value: flat)]
        return graph
    }

    @Test func noiseIsUniform() throws {
        let picture = Tensor<Float>(repeating: 0, shape: [1, 1, 100, 100])
        let values = try Self.map("random-map", picture, in: Self.attributor(1, 100, 100)).values.elements.map(
            Double.init)
        let mean = values.reduce(0, +) / 10000
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 10000
        // Deviations of the estimates: 0.0029 and 0.00075.
        #expect(abs(mean - 0.5) < 0.015 && abs(variance - 1 / 12.0) < 0.004)
        #expect(values.allSatisfy { (0..<1).contains($0) })
    }

    @Test func oddPicturesAreNoTrouble() throws {
        for (height, width) in [(1, 5), (2, 2), (3, 3)] {
            let attributor = try Self.attributor(1, height, width)
            var picture = Tensor<Float>(repeating: 3, shape: [1, 1, height, width])
            for method in ["sobel", "canny", "constant", "centred-box", "centred-gaussian", "random-map"] {
                #expect(try Self.map(method, picture, in: attributor).values.elements.allSatisfy(\.isFinite))
            }
            picture[0, 0, 0, 0] = .nan
            for method in ["sobel", "canny"] {
                #expect(try Self.map(method, picture, in: attributor).values.elements.allSatisfy(\.isFinite))
            }
        }
        #expect(throws: ExplanationError.self) {
            try MethodCatalogue.method(MethodSpecification(parsing: "canny:low=0.5,high=0.2"))
        }
    }

    /// Nobody who asks for all explanations gets noise among them.
    @Test func theyAreNoExplanations() {
        let names = MethodCatalogue.descriptions.filter { $0.family == .reference }.map(\.name)
        #expect(names == ["canny", "centred-box", "centred-gaussian", "constant", "random-map", "sobel"])
        #expect(Set(names).isDisjoint(with: MethodCatalogue.selfContained.map(\.name)))
    }
}
