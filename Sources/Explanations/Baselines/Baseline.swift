import Foundation
package import Tensors

/// The inputs that say nothing: where path methods start, and what perturbations put in place of pixels.
///
/// Written `0`, a number, `black`, `white`, `mean`, `blur[:SIGMA]`, `noise[:SEED]` or a NumPy file; several are joined by `+`.
package struct Baseline: Sendable {
    /// One kind of input that says nothing.
    package enum Kind: Sendable {
        /// The same number everywhere, in the numbers that the model takes.
        case number(Float)
        /// The darkest colour that the preprocessing makes.
        case black
        /// The brightest colour that the preprocessing makes.
        case white
        /// Every channel's mean of this picture.
        case mean
        /// The picture without its details; the standard deviation in pixels, nil for a part of the shorter side.
        case blur(sigma: Double?)
        /// Normal noise with the mean and the deviation of every channel of this picture.
        case noise(seed: UInt64)
        /// What a file holds: one input, or one a sample.
        case file(Tensor<Float>)
    }

    /// The blur's default as a part of the picture's shorter side: 10 pixels of 224, as in Fong and Vedaldi 2017.
    package static let blurFraction = 10.0 / 224

    /// What the baseline consists of; never empty.
    package let kinds: [Kind]
    /// How it was written.
    package let text: String

    /// A baseline of one number.
    package init(_ number: Float) {
        kinds = [.number(number)]
        text = "\(number)"
    }

    /// Reads `0`, `black+white`, `blur:5`, `noise:7` or `FILE.npy`; nil where it is none of these.
    package init?(parsing text: String) throws {
        self.text = text
        // `1e+3` is a number and `run+1.npy` may be a file, not two baselines.
        if Float(text) != nil || FileManager.default.fileExists(atPath: text) {
            guard let kind = try Self.kind(text) else { return nil }
            kinds = [kind]
            return
        }
        var kinds: [Kind] = []
        var open: String?
        for part in text.split(separator: "+", omittingEmptySubsequences: false) {
            let whole = open.map { "\($0)+\(part)" } ?? String(part)
            if let kind = try Self.kind(whole) {
                kinds.append(kind)
                open = nil
            } else {
                // Folders of a file's path may hold a `+`, too.
                open = whole
            }
        }
        guard open == nil else { return nil }
        self.kinds = kinds
    }

    private static func kind(_ text: String) throws -> Kind? {
        if let number = Float(text) { return number.isFinite ? .number(number) : nil }
        let words = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let argument = words.count == 2 ? String(words[1]) : nil
        switch (words[0], argument) {
        case ("zero", nil): return .number(0)
        case ("black", nil): return .black
        case ("white", nil): return .white
        case ("mean", nil): return .mean
        case ("blur", nil): return .blur(sigma: nil)
        case ("blur", let sigma?):
            return Double(sigma).flatMap { (0.01...10_000).contains($0) ? .blur(sigma: $0) : nil }
        case ("noise", nil): return .noise(seed: 0)
        case ("noise", let seed?): return UInt64(seed).map { .noise(seed: $0) }
        default: return text.hasSuffix(".npy") ? .file(try Numpy.read(path: text).floatTensor) : nil
        }
    }

    /// The inputs that the baseline stands for, one a kind, in the shape of the experiment's input.
    package func inputs(for experiment: Experiment) throws -> [Tensor<Float>] {
        try kinds.map { try input($0, for: experiment) }
    }

    /// The only input that the baseline stands for; fails where several are joined.
    package func input(for experiment: Experiment) throws -> Tensor<Float> {
        guard kinds.count == 1 else {
            throw Self.problem("the method takes one, not several joined by '+'", experiment)
        }
        return try input(kinds[0], for: experiment)
    }

    func input(_ kind: Kind, for experiment: Experiment) throws -> Tensor<Float> {
        let input = experiment.input
        switch kind {
        case .number(let number): return Tensor(repeating: number, shape: input.shape)
        case .black: return try Self.colour(experiment.settings.space?.black, "black", experiment)
        case .white: return try Self.colour(experiment.settings.space?.white, "white", experiment)
        case .mean:
            guard let planes = experiment.knownPlanes else {
                return Tensor(repeating: Float(ChannelStatistics(input.elements).mean), shape: input.shape)
            }
            return planes.filled(planes.statistics(of: input).map { Float($0.mean) }, like: input)
        case .blur(let sigma):
            let planes = try experiment.planes()
            let sigma = sigma ?? Self.blurFraction * Double(min(planes.height, planes.width))
            return planes.blurred(input, by: GaussianBlur(sigma: sigma))
        case .noise(let seed): return Self.noise(like: input, planes: experiment.knownPlanes, seed: seed)
        case .file(let values):
            guard let row = experiment.row(of: values) else {
                throw Self.problem(
                    "the file holds \(values.shape), which is neither one input nor one a sample of \(input.shape)",
                    experiment)
            }
            return row
        }
    }

    private static func colour(_ colour: [Float]?, _ name: String, _ experiment: Experiment) throws -> Tensor<Float> {
        guard let colour else {
            throw problem("nobody said which numbers are \(name) in this input; give a number or a file", experiment)
        }
        let planes = try experiment.planes()
        guard colour.count == planes.channels else {
            throw problem("\(name) has \(colour.count) channels and the input \(planes.channels)", experiment)
        }
        return planes.filled(colour, like: experiment.input)
    }

    static func noise(like input: Tensor<Float>, planes: PicturePlanes?, seed: UInt64) -> Tensor<Float> {
        let normal = normal(like: input, planes: planes, seed: seed).elements
        var result = input
        guard let planes else {
            let statistics = ChannelStatistics(input.elements)
            result.mutateElements { $0 = normal.map { Float(statistics.mean + statistics.deviation * $0) } }
            return result
        }
        let statistics = planes.statistics(of: input)
        result.mutateElements { elements in
            for channel in 0..<planes.channels {
                for row in 0..<planes.height {
                    for column in 0..<planes.width {
                        let index = planes.offset(channel: channel, row: row, column: column)
                        elements[index] = Float(
                            statistics[channel].mean + statistics[channel].deviation * normal[index])
                    }
                }
            }
        }
        return result
    }

    /// Numbers of the standard normal distribution in an input's shape, drawn channel by channel.
    static func normal(like input: Tensor<Float>, planes: PicturePlanes?, seed: UInt64) -> Tensor<Double> {
        var generator = SeededGenerator(seed: seed)
        var numbers = [Double](repeating: 0, count: input.elements.count)
        if let planes {
            for channel in 0..<planes.channels {
                for row in 0..<planes.height {
                    for column in 0..<planes.width {
                        numbers[planes.offset(channel: channel, row: row, column: column)] = generator.nextNormal()
                    }
                }
            }
        } else {
            for index in numbers.indices { numbers[index] = generator.nextNormal() }
        }
        var result = Tensor<Double>(repeating: 0, shape: input.shape)
        result.mutateElements { $0 = numbers }
        return result
    }

    private static func problem(_ reason: String, _ experiment: Experiment) -> ExplanationError {
        .parameter(method: experiment.label, name: "baseline", reason: reason)
    }
}

extension MethodParameter where Value == Baseline {
    /// What a method starts from or puts in place of pixels.
    ///
    /// - Parameter isSeveral: Whether the method averages over several.
    package static func baseline(
        _ defaultText: String = "0", several isSeveral: Bool = false, _ meaning: String = "what says nothing"
    ) -> MethodParameter {
        let joined = isSeveral ? "; several joined by + are averaged over" : ""
        return MethodParameter(
            "baseline", (try? Baseline(parsing: defaultText)) ?? Baseline(0), written: defaultText,
            "\(meaning): 0, a number, black, white, mean, blur[:SIGMA], noise[:SEED] or FILE.npy\(joined)"
        ) { text in
            let baseline = try Baseline(parsing: text)
            return isSeveral || baseline?.kinds.count == 1 ? baseline : nil
        }
    }
}
