import Explanations
import Graphs
import Tensors
import TestSupport
import Testing

/// Trials whose numbers can be worked out by hand.
@Suite struct LayerTrialTests {
    /// `logits = [m, -m]`, m the mean of a map that lies three columns to the right of where it says: its cells name the wrong place.
    ///
    /// The candidates are `far`, that map, and `near` in front of the shift.
    static func shifted() throws -> Graph {
        var graph = Graph()
        let x = graph.addInput(
            "x", type: .float32, dimensions: [.symbolic("n"), .fixed(1), .fixed(8), .fixed(8)])
        let near = graph.append("Relu", [x], name: "near")[0]
        let kernel = graph.addConstant(try Toys.floats([1, 0, 0, 0, 0, 0, 0], [1, 1, 1, 7]), name: "kernel")
        let far = graph.append(
            "Conv", [near, kernel], attributes: ["pads": .integers([0, 3, 0, 3])], name: "far")[0]
        let pooled = graph.append("GlobalAveragePool", [far], name: "pooled")[0]
        let flat = graph.append("Flatten", [pooled], name: "flat")[0]
        let weight = graph.addConstant(try Toys.floats([1, -1], [1, 2]), name: "w")
        let logits = graph.append("MatMul", [flat, weight], name: "logits")[0]
        graph.outputs = [Graph.Output(name: "logits", value: logits)]
        return graph
    }

    /// 1 in the first two columns, 0 elsewhere.
    static func stripe() throws -> AnyTensor {
        try Toys.floats((0..<64).map { $0 % 8 < 2 ? 1 : 0 }, [1, 1, 8, 8])
    }

    @Test func aMapOfTheWrongPlaceLoses() throws {
        let attributor = try Toys.attributor(Self.shifted())
        let found = try #require(
            try attributor.layerTrial(inputs: ["x": Self.stripe()], score: TrialScore(.classIndex(0))))
        #expect(found.trial.entries.map(\.tensor) == ["far", "near"])
        #expect(found.choice.layer.tensorName == "near" && found.trial.chosen == 1)
        // In 64ths of a logit, for k = 1...8 times 4 pixels, which become 1/4. The first five columns count. Behind the stripe, tiles
        // are equal and follow in reading order. The lowest score is that without the stripe, 12 below.
        let near = [3, 6, 9, 12, 11.25, 10.75, 10.5, 9.75]
        let far = [-1, -2, -3, -4, -2.75, -1.25, -1.5, -0.25]
        for (steps, (entry, falls)) in zip(found.trial.entries, [far, near]).enumerated() {
            let deletion = falls.reduce(0, +) / 8 / 12
            #expect(abs(try #require(entry.deletion) - deletion) < 1e-5)
            #expect(abs(try #require(entry.score) - (deletion + 0.1 * (1 - 1.0 / 8) - 0.4 * Double(steps))) < 1e-5)
            #expect(entry.discrimination == nil && entry.height == 8 && entry.width == 8)
        }
        #expect(found.choice.reason.contains("deletion 0.75") && found.choice.reason.contains("' -0.08"))
    }

    @Test func trialsAreDeterministicAndSayWhereTheRivalIs() throws {
        let attributor = try Toys.attributor(Self.shifted())
        let ask = {
            try attributor.layerTrial(
                inputs: ["x": Self.stripe()], score: TrialScore(.classIndex(0)), rival: TrialScore(.classIndex(1)))
        }
        let first = try #require(try ask())
        // The rival's map is the negative: no overlap, but no positive cell either.
        #expect(first.trial.entries.map(\.discrimination) == [0, 0])
        #expect(try ask()?.trial == first.trial)
        let other = try Toys.attributor(Self.shifted()).layerTrial(
            inputs: ["x": Self.stripe()], score: TrialScore(.classIndex(0)), rival: TrialScore(.classIndex(1)))
        #expect(other?.trial == first.trial)
    }

    @Test func oneCandidateIsNotTried() throws {
        let attributor = try Toys.attributor(Toys.classifier(batch: nil))
        let input = try Toys.floats(Array(Toys.pixels[..<8]), [1, 2, 2, 2])
        #expect(try attributor.layerTrial(inputs: ["x": input], score: TrialScore(.classIndex(1))) == nil)
    }

    @Test func emptyMapsLose() throws {
        // The score falls with the stripe, so neither map has a positive cell.
        let attributor = try Toys.attributor(Self.shifted())
        let found = try #require(
            try attributor.layerTrial(inputs: ["x": Self.stripe()], score: TrialScore(.classIndex(1))))
        #expect(found.trial.chosen == 0)
        #expect(found.trial.entries.allSatisfy { $0.deletion == nil && $0.score == nil })
        #expect(found.choice.reason.contains("no candidate's map shows anything"))
    }

    @Test func theChosenLayerIsUsedAndSaid() throws {
        let attributor = try Toys.attributor(Self.shifted())
        let layer = try #require(try attributor.specialisedGraph(for: ["x": [1, 1, 8, 8]]).layers().first)
        for reason in ["one", "two"] {
            let found = try attributor.attribute(
                Query(
                    inputs: ["x": Self.stripe()], target: .classIndex(0),
                    methods: [MethodSpecification("gradcam"), MethodSpecification("cam")],
                    chosen: LayerChoice(layer: layer, reason: reason)))
            #expect(found[0].layer?.layer.tensorName == "near" && found[0].layer?.reason == reason)
            #expect(found[1].layer?.layer.tensorName == "far")
        }
    }

    @Test func theStructuralChoiceStaysUnlessClearlyBeaten() throws {
        let layers = try Toys.attributor(Self.shifted()).specialisedGraph(for: ["x": [1, 1, 8, 8]]).layers()
        func chosen(_ values: [(deletion: Double?, discrimination: Double?)]) -> Int {
            let measurements = values.map {
                LayerTrial.Measurement(layers[0], discrimination: $0.discrimination, deletion: $0.deletion)
            }
            return LayerTrial(measurements).chosen
        }
        #expect(chosen([(0.5, nil), (0.89, nil)]) == 0)
        #expect(chosen([(0.5, nil), (0.91, nil)]) == 1)
        #expect(chosen([(0.1, nil), (0.4, nil), (0.91, nil)]) == 2)
        #expect(chosen([(0.1, nil), (0.52, nil), (0.91, nil)]) == 1)
        // A tenth of the discrimination counts.
        #expect(chosen([(0.5, 0), (0.85, 0.4)]) == 0 && chosen([(0.5, 0), (0.85, 0.6)]) == 1)
        #expect(chosen([(nil, nil), (-0.5, nil)]) == 1 && chosen([(-0.5, nil), (nil, 1)]) == 0)
        #expect(chosen([(nil, nil), (nil, nil)]) == 0)
    }

    @Test func discriminationIsOneMinusTheCosineOfPositiveParts() {
        #expect(LayerTrial.discrimination([1, 2, 0], [2, 4, 0]) < 1e-12)
        #expect(LayerTrial.discrimination([1, 0, -3], [0, 5, -3]) == 1)
        #expect(abs(LayerTrial.discrimination([1, 1], [1, -7]) - (1 - 0.5.squareRoot())) < 1e-12)
        #expect(LayerTrial.discrimination([-1, 0], [1, 1]) == 0)
        #expect(!LayerTrial.isInformative([1, 1]) && !LayerTrial.isInformative([-1, 0]))
        #expect(!LayerTrial.isInformative([1, .nan]) && LayerTrial.isInformative([-1, 1]))
        // A speck above zero among cells that all speak against the score.
        #expect(!LayerTrial.isInformative([-1, 0.004, -0.5]) && LayerTrial.isInformative([-1, 0.06, -0.5]))
    }

    @Test func tilesOfPicturesBecomeTheMeanColour() throws {
        // Channels last, 4x4 pixels, each its own tile: channel 0 counts up, channel 1 is 2 in the first row.
        var values = [Float](repeating: 0, count: 32)
        for pixel in 0..<16 {
            values[2 * pixel] = Float(pixel)
            values[2 * pixel + 1] = pixel < 4 ? 2 : 0
        }
        let pictures = try #require(try DeletionPictures(Toys.floats(values, [1, 4, 4, 2])))
        // One cell a quadrant; the lower right one is highest.
        let map = try Tensor<Float>(shape: [2, 2], elements: [0, 1, 2, 10])
        let placement = MapPlacement(rows: .tiling(4, cells: 2), columns: .tiling(4, cells: 2))
        let tiles = pictures.tiles(rankedBy: map, placement: placement)
        #expect(tiles.count == 16 && tiles[0] == 15 && tiles[15] == 0)
        let masked = try pictures.masked([15, 3] + (0..<16).filter { $0 != 15 && $0 != 3 })
        #expect(masked.shape == [9, 4, 4, 2])
        let first = Array(masked.floats[..<32])
        #expect(Array(first[30...]) == [7.5, 0.5] && Array(first[..<30]) == Array(values[..<30]))
        let second = Array(masked.floats[32..<64])
        #expect(Array(second[30...]) == [7.5, 0.5] && Array(second[6..<8]) == [7.5, 0.5] && second[8] == 4)
        let blank: [Float] = Array([[Float]](repeating: [7.5, 0.5], count: 16).joined())
        #expect(Array(masked.floats[256...]) == blank)
        #expect(try DeletionPictures(Toys.floats(values, [4, 4, 2])) == nil)
    }
}
