package import Tensors

/// What an output of a model means, and which score stands for a class, a box or an area of it.
///
/// A conforming value was recognised on a graph of known shapes; it reads outputs and makes targets, and runs nothing.
package protocol Head: Sendable {
    /// The head that `output` belongs to, nil where it is of another kind.
    static func recognised(_ output: OutputSurvey.Output, in survey: OutputSurvey) -> Self?

    /// What it is, and how that is known.
    var description: HeadDescription { get }

    /// What it says about one sample, the most likely first; `outputs` hold that sample alone.
    func findings(in outputs: OutputValues) throws -> [Finding]

    /// The finding that is meant by a class, a candidate or a box, whether or not it is among the likely ones.
    func finding(_ choice: FindingChoice, in outputs: OutputValues) throws -> Finding

    /// The score that stands for a finding.
    func score(of finding: Finding, _ request: ScoreRequest, in outputs: OutputValues) throws -> HeadScore

    /// Height and width of the map that a mask selects places of; nil where there are no places.
    var mapSize: (height: Int, width: Int)? { get }
}

extension Head {
    package var mapSize: (height: Int, width: Int)? { nil }

    package func finding(_ choice: FindingChoice, in outputs: OutputValues) throws -> Finding {
        let all = try findings(in: outputs)
        guard let found = all.first(where: { $0.index == choice.index }) else {
            throw ExplanationError.target(
                text: choice.index.map(String.init) ?? "",
                reason: "the \(description.kind.rawValue) says nothing about it")
        }
        return found
    }
}

/// The kind of a model's head, and what is known about it.
public struct HeadDescription: Sendable, Hashable, Codable {
    /// The kinds.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// One class of several.
        case classifier
        /// A yes or no from one number.
        case binary = "binary classifier"
        /// Any number of several classes.
        case multiLabel = "multi-label classifier"
        /// Numbers that are no class scores.
        case regression
        /// A vector that is compared with others.
        case embedding
        /// A class for every pixel.
        case segmentation
        /// A class for every cell of a coarse map.
        case fullyConvolutional = "fully convolutional classifier"
        /// A class for every step of a sequence.
        case sequence = "sequence classifier"
        /// Boxes with class scores, before non-maximum suppression.
        case detector
        /// A picture: a reconstruction, a depth map.
        case picture
    }

    /// The kind.
    public let kind: Kind
    /// The output that class scores are taken from.
    public let output: String
    /// All outputs that the head reads.
    public let outputs: [String]
    /// How many classes `-c` chooses from; 0 where there are none.
    public let classCount: Int
    /// One sentence: what the output holds, and how that is known.
    public let reason: String
    /// Whether the file does not tell and the kind is a guess.
    public let isGuess: Bool
    /// What only a person can settle, and how to say so; nil where nothing is open.
    public let question: String?
    /// The first class that is no background: labels without a name for the background start there.
    package let firstClass: Int

    package init(
        _ kind: Kind, output: String, outputs: [String]? = nil, classCount: Int, reason: String, isGuess: Bool = false,
        question: String? = nil, firstClass: Int = 0
    ) {
        self.kind = kind
        self.output = output
        self.outputs = outputs ?? [output]
        self.classCount = classCount
        self.reason = reason
        self.isGuess = isGuess
        self.question = question
        self.firstClass = firstClass
    }

    /// The name of a class: the label, where labels are known.
    public func name(of index: Int, names: [String]?) -> String {
        guard let names else { return defaultName(of: index) }
        // Labels often leave out the background.
        let shift = firstClass > 0 && names.count == classCount - firstClass ? firstClass : 0
        if kind == .binary, names.count == 1 { return index == 1 ? names[0] : "not \(names[0])" }
        return names.indices.contains(index - shift) ? names[index - shift] : defaultName(of: index)
    }

    /// The names of all classes, index by index; nil where none are known.
    public func names(from labels: [String]?) -> [String]? {
        labels.map { labels in (0..<max(classCount, labels.count)).map { name(of: $0, names: labels) } }
    }

    private func defaultName(of index: Int) -> String {
        switch kind {
        case .binary: index == 1 ? "positive" : "negative"
        case .regression: classCount == 1 ? "value" : "value \(index)"
        case .embedding: "embedding"
        case .picture: "picture"
        case .detector where index < firstClass: "background"
        default: "class \(index)"
        }
    }
}

/// What a head reads: outputs by name, for one sample, behind the batch axis.
package struct OutputValues: Sendable {
    /// The outputs as they are.
    package let values: [String: Tensor<Float>]
    /// What enters their softmax or sigmoid, where that is one tensor of the same layout.
    package let logits: [String: Tensor<Float>]

    package init(values: [String: Tensor<Float>], logits: [String: Tensor<Float>] = [:]) {
        self.values = values
        self.logits = logits
    }

    package func value(_ name: String) throws(ExplanationError) -> Tensor<Float> {
        guard let value = values[name] else { throw .target(text: name, reason: "the output was not run") }
        return value
    }
}

/// What somebody points at: a class, a candidate, a box; what is left open is chosen by the highest score.
package struct FindingChoice: Sendable {
    /// The class.
    package var index: Int?
    /// The position among a detector's candidates.
    package var candidate: Int?
    /// Where the object is, in the pixels of the input.
    package var box: InputBox?

    package init(index: Int? = nil, candidate: Int? = nil, box: InputBox? = nil) {
        self.index = index
        self.candidate = candidate
        self.box = box
    }
}

/// How a finding's score is varied.
package struct ScoreRequest: Sendable {
    /// A class whose score is subtracted.
    package var contrast: Int?
    /// 1 at the places of the map that count, `[h, w]`.
    package var mask: Tensor<Float>?
    /// The embedding that is compared with.
    package var reference: Tensor<Float>?
    /// What classes are called.
    package var names: [String]?

    package init(
        contrast: Int? = nil, mask: Tensor<Float>? = nil, reference: Tensor<Float>? = nil, names: [String]? = nil
    ) {
        self.contrast = contrast
        self.mask = mask
        self.reference = reference
        self.names = names
    }
}

/// A score: the target, what its files hold, and what it is in words.
package struct HeadScore: Sendable {
    package let target: Target
    /// Masks and vectors that the target names, by that name.
    package let tensors: [String: Tensor<Float>]
    /// `the mean logit of 'cat' over the 5312 pixels where it wins`
    package let statement: String

    package init(_ target: Target, tensors: [String: Tensor<Float>] = [:], statement: String) {
        self.target = target
        self.tensors = tensors
        self.statement = statement
    }
}

extension HeadScore {
    /// The probability that belongs to the score of a class; nil where the head has none, or the score is no single element.
    package func probability(in head: HeadDescription) -> Target? {
        guard case .logit(let element) = target else { return nil }
        return switch head.kind {
        case .classifier: .probability(element)
        // Each class has a sigmoid of its own, and it is the output.
        case .multiLabel: element
        case .binary where !head.isGuess: element
        case .binary, .regression, .embedding, .segmentation, .fullyConvolutional, .sequence, .detector, .picture: nil
        }
    }
}
