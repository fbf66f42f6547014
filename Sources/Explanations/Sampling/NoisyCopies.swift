package import Tensors

/// Copies of an input with noise: of a seed, or as a file holds it.
package struct NoisyCopies: Sendable {
    /// How many copies there are, what is added to them, and from where.
    package static func parameters(samples defaultSamples: Int = 50) -> Parameters {
        Parameters(
            samples: .integer("samples", defaultSamples, in: 1...1_000_000, "how many noisy copies"),
            sigma: .number(
                "sigma", 0.15, in: 0...1000, "the noise's standard deviation as a part of the input's range, max - min"),
            seed: .integer("seed", 0, in: 0...Int.max, "of the noise"),
            noise: .file(
                "noise",
                "noise that is added as it is, [n, input shape] with or without the axis of samples; takes the place of samples, sigma and seed"
            ))
    }

    /// The parameters that describe the copies.
    package struct Parameters: Sendable {
        let samples: MethodParameter<Int>
        let sigma: MethodParameter<Double>
        let seed: MethodParameter<Int>
        let noise: MethodParameter<Tensor<Float>?>

        /// The catalogue's lines.
        package var descriptions: [MethodDescription.Parameter] {
            [samples.description, sigma.description, seed.description, noise.description]
        }
    }

    let samples: Int
    let sigma: Double
    let seed: UInt64
    let noise: Tensor<Float>?

    package init(
        _ values: inout MethodParameters, _ parameters: Parameters = NoisyCopies.parameters()
    ) throws(ExplanationError) {
        samples = try values.value(parameters.samples)
        sigma = try values.value(parameters.sigma)
        seed = UInt64(try values.value(parameters.seed))
        noise = try values.value(parameters.noise)
        if let noise, noise.shape.rank == 0 || noise.shape[0] == 0 {
            throw values.problem(
                parameters.noise.name,
                "the file's shape is \(noise.shape), so it holds no copies; give [n, input shape]")
        }
    }

    /// How many copies there are.
    package var count: Int { noise?.shape.dimensions.first ?? samples }

    /// The copies of the experiment's input; fails where a file's noise does not fit it.
    package func source(for experiment: Experiment) throws -> Source {
        let input = experiment.input
        guard let noise else {
            // `min` and `max` of a range that is infinite have no spread; NaN shows in the result.
            let spread = Double(input.elements.max() ?? 0) - Double(input.elements.min() ?? 0)
            return Source(input: input, count: samples, amplitude: .normal(sigma * spread, seed: seed))
        }
        guard noise.shape.rank > 0, noise.shape[0] > 0, experiment.row(of: noise.slice(0)) != nil else {
            throw ExplanationError.parameter(
                method: experiment.label, name: "noise",
                reason:
                    "the file holds \(noise.shape), which is not [n, \(input.shape.dimensions.dropFirst().map(String.init).joined(separator: ", "))] for this input of shape \(input.shape)"
            )
        }
        let copies = (0..<noise.shape[0]).compactMap { experiment.row(of: noise.slice($0)) }
        return Source(input: input, count: copies.count, amplitude: .given(copies))
    }

    /// The noisy copies of one input. Each is the same whatever the others are and in whatever order they are asked for.
    package struct Source: Sendable {
        fileprivate enum Amplitude: Sendable {
            case normal(Double, seed: UInt64)
            case given([Tensor<Float>])
        }

        private let input: Tensor<Float>
        /// How many copies there are.
        package let count: Int
        private let amplitude: Amplitude

        fileprivate init(input: Tensor<Float>, count: Int, amplitude: Amplitude) {
            self.input = input
            self.count = count
            self.amplitude = amplitude
        }

        /// The input with the noise of a number below `count`.
        package func copy(_ index: Int) -> Tensor<Float> {
            var copy = input
            switch amplitude {
            case .normal(let deviation, let seed):
                guard deviation > 0 else { return copy }
                var generator = SeededGenerator(seed: seed, part: index)
                copy.mutateElements { elements in
                    // Rounded before they are multiplied, as in a compiled file: one bit of a pixel can turn a rectifier over.
                    let size = Float(deviation)
                    for index in elements.indices { elements[index] += size * Float(generator.nextNormal()) }
                }
            case .given(let noise):
                let added = noise[index].elements
                copy.mutateElements { elements in
                    for index in elements.indices { elements[index] += added[index] }
                }
            }
            return copy
        }
    }
}
