import Tensors

/// Noise: another map for every picture, the same for every model.
package struct RandomMap: ProcedureMethod {
    static let seed = MethodParameter<Int>.integer("seed", 0, in: 0...Int.max, "another seed, another map")

    package static let description = MethodDescription(
        name: "random-map", family: .reference, summary: "Noise: the map of a guess.",
        formula: "M(p) independent and uniform in [0, 1), drawn from the seed and the picture's numbers",
        paper: "", result: ReferenceWords.result, place: .input, cost: "no pass through the model",
        fits: ReferenceWords.fits,
        remarks:
            "What a metric gives for an order of pixels drawn at random. A picture has another map than the next, and the same again in every run and for every model: it must fail each check that asks whether a map depends on the model.",
        parameters: [seed.description], display: .positive)

    private let seed: Int

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        seed = try parameters.value(Self.seed)
    }

    package var requirements: [MethodRequirement] { [.picture] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let planes = try experiment.planes()
        // FNV-1a over the picture's bits, so that pictures do not share their noise.
        let mixed = experiment.input.elements.reduce(UInt64(seed) ^ 0xCBF2_9CE4_8422_2325) {
            ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01B3
        }
        var generator = SeededGenerator(seed: mixed)
        var map = Tensor<Float>(repeating: 0, shape: [1, planes.height, planes.width])
        map.mutateElements { elements in
            // 24 bits, which a Float holds without rounding up to 1.
            for place in elements.indices { elements[place] = Float(generator.next() >> 40) * 0x1p-24 }
        }
        return ProcedureResult(map)
    }
}
