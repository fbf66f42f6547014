import Foundation
import Graphs
import Tensors

/// What the model says about a picture that is seen through the channels of a layer, one at a time.
struct MaskedScores: Sendable {
    /// The score of every channel, the mean over its repetitions; nil where none was asked for.
    let scores: [Double?]
    /// The score of an input of zeros.
    let baseline: Double
    /// What was noticed on the way.
    let notes: [String]

    /// Asks about some of `count` channels.
    ///
    /// - Parameters:
    ///   - experiment: Whose score judges.
    ///   - channels: Which are asked about, in this order: what time does not allow stays nil.
    ///   - unseen: Channels that let nothing through; they have the baseline's score.
    ///   - repetitions: How many inputs a channel has.
    ///   - input: The input of a channel and a repetition; called in order.
    init(
        _ experiment: Experiment, channels: [Int], unseen: [Int] = [], of count: Int, repetitions: Int = 1,
        input: (_ channel: Int, _ repetition: Int) throws -> Tensor<Float>
    ) throws {
        let zeros = Tensor<Float>(repeating: 0, shape: experiment.input.shape)
        baseline = Double(try experiment.answers(at: [zeros]).scores[0])
        var sums = [Double](repeating: 0, count: channels.count)
        var counts = [Int](repeating: 0, count: channels.count)
        try experiment.stream(channels.count * repetitions) { index in
            try input(channels[index / repetitions], index % repetitions)
        } consume: { range, answers in
            for (index, score) in zip(range, answers.scores) {
                sums[index / repetitions] += Double(score)
                counts[index / repetitions] += 1
            }
            return true
        }
        var scores = [Double?](repeating: nil, count: count)
        for channel in unseen { scores[channel] = baseline }
        for (position, channel) in channels.enumerated() where counts[position] > 0 {
            scores[channel] = sums[position] / Double(counts[position])
        }
        self.scores = scores
        notes = experiment.notes
    }

    /// The scores as an array, NaN where none was asked for.
    var tensor: Tensor<Float> { Tensor(vector: scores.map { $0.map { Float($0) } ?? .nan }) }
}

extension ProcedureResult {
    /// The sum of a layer's channels, weighted by how they were judged.
    init(
        _ maps: Tensor<Float>, at layer: LayerChoice, judgedBy masked: MaskedScores, _ weighting: ChannelWeighting,
        from origin: Double
    ) {
        let weights = weighting.weights(masked.scores, from: origin)
        self.init(
            maps.channelSum(weightedBy: weights), layer: layer, notes: masked.notes,
            companions: ["scores": masked.tensor, "weights": Tensor(vector: weights)])
    }
}

/// How scores become the weights of channels; channels without a score weigh nothing.
package enum ChannelWeighting: String, CaseIterable, Sendable {
    /// `exp(S_k) / Σ exp(S)`.
    case softmax
    /// The scores themselves.
    case linear
    /// Their positive part.
    case relu

    /// The weights of scores, counted from `origin`.
    func weights(_ scores: [Double?], from origin: Double = 0) -> [Float] {
        switch self {
        case .linear: return scores.map { Float(($0 ?? origin) - origin) }
        case .relu: return scores.map { Float(max(($0 ?? origin) - origin, 0)) }
        case .softmax:
            let largest = scores.compactMap(\.self).max() ?? 0
            let exponentials = scores.map { score in score.map { exp($0 - largest) } ?? 0 }
            let total = exponentials.reduce(0, +)
            return exponentials.map { Float(total == 0 ? 0 : $0 / total) }
        }
    }
}

extension MethodParameter where Value == Int {
    /// How many of a layer's channels take part.
    static func channels(_ defaultValue: Int) -> MethodParameter {
        let text = defaultValue == .max ? "all" : "\(defaultValue)"
        return MethodParameter(
            "channels", defaultValue, written: text,
            "how many channels take part, those that vary most over the cells; 1 or more, or all"
        ) { text in
            text == "all" ? .max : Int(text).flatMap { $0 >= 1 ? $0 : nil }
        }
    }
}
