/// Why a question about a model cannot be answered.
public enum ExplanationError: Error, Sendable, Hashable {
    /// A target that does not follow the grammar.
    case targetSyntax(text: String, position: Int, reason: String)
    /// A target that names something that the model does not have.
    case target(text: String, reason: String)
    /// A method that does not exist.
    case unknownMethod(name: String, suggestions: [String])
    /// A parameter that a method does not have, or with a value that it does not take.
    case parameter(method: String, name: String, reason: String)
    /// The target does not depend on the layer or input.
    case noInfluence(target: String, value: String)
    /// A layer that the explained input does not reach; `inputs` are those that do.
    case unreachedLayer(layer: String, input: String, inputs: [String])
    /// Inputs of different batch sizes, or of a batch that the model does not take.
    case batch(reason: String)
    /// A method that does not fit the layer or model.
    case unsuitable(method: String, reason: String)
    /// Outputs of which it is not known which numbers are class scores.
    case unknownHead(reason: String, example: String)
    /// An output whose NaN or infinite numbers leave open what the model says, and why they are there.
    case brokenOutput(_ sentence: String, cause: String?)
    /// An output with more numbers than can be listed.
    case tooManyScores(output: String, count: Int, limit: Int)
    /// Numbers that are not finite.
    case notFinite(what: String, count: Int)
}

extension ExplanationError: CustomStringConvertible {
    /// One sentence: what, where, what to do.
    public var description: String {
        switch self {
        case .targetSyntax(let text, let position, let reason):
            "The target '\(text)' cannot be read at character \(position + 1): \(reason). Examples: 3, [1,7], logits[3], #1[3], mean(#1[2]), 3 - 5, prob(3), \"a name\"[3]."
        case .target(let text, let reason):
            "The target '\(text)' does not fit the model: \(reason)."
        case .unknownMethod(let name, let suggestions):
            "There is no method '\(name)'"
                + (suggestions.isEmpty ? "" : "; did you mean \(suggestions.joined(separator: " or "))?")
                + " ('gaze methods' lists all.)"
        case .parameter(let method, let name, let reason):
            "The parameter '\(name)' of \(method) cannot be used: \(reason) ('gaze methods \(method)' lists its parameters)."
        case .noInfluence(let target, let value):
            "The target '\(target)' does not depend on '\(value)', so there is nothing to attribute to it; choose a layer in front of the target."
        case .unreachedLayer(let layer, let input, let inputs):
            "The layer '\(layer)' does not depend on the input '\(input)'"
                + (inputs.isEmpty
                    ? ", nor on another one"
                    : " but on \(inputs.map { "'\($0)'" }.joined(separator: " and ")), so it holds no map of '\(input)'")
                + "; "
                + (inputs.first.map { "explain that input with --wrt \($0), or " } ?? "")
                + "name a layer that '\(input)' reaches ('gaze inspect MODEL' says which inputs reach each)."
        case .batch(let reason):
            "The batch does not fit: \(reason)."
        case .unsuitable(let method, let reason):
            "\(method) cannot be used here: \(reason)."
        case .unknownHead(let reason, let example):
            "What to explain is not settled: \(reason); name it with --target, e.g. \(TargetText.option(example))."
        case .brokenOutput(let sentence, let cause):
            "The model's answer says nothing: \(sentence)\(cause.map { ". \($0)" } ?? ""). A score that is a number can be explained by naming it."
        case .tooManyScores(let output, let count, let limit):
            "The output '\(output)' holds \(count) numbers for each picture, and \(limit) are the most that can be listed; name what to explain with --target, e.g. \(TargetText.option("\(TargetText.name(output))[0]"))."
        case .notFinite(let what, let count):
            "\(what) contains \(count) values that are NaN or infinite; check the input's normalisation and the model's weights."
        }
    }
}
