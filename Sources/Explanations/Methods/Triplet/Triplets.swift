import Graphs
import Tensors

/// Triplets of pictures, and how much each channel of a layer of the anchors moves their loss.
struct Triplets {
    /// What is differentiated.
    enum Loss: String, CaseIterable {
        /// `D(a, p) - D(a, n)`: every triplet counts.
        case distance
        /// `max(0, D(a, p) - D(a, n) + margin)`: triplets that are apart already count nothing.
        case hinge
    }

    /// What was found out about them.
    struct Outcome {
        /// Where the anchors' maps are.
        let layer: LayerChoice?
        /// The anchors' maps, `[N, C, H, W]`.
        let maps: Tensor<Float>
        /// A weight for every channel, the mean over the triplets; 0 beyond the M largest.
        let weights: [Float]
        /// The loss of every triplet.
        let losses: [Float]
        let notes: [String]
    }

    static let loss = MethodParameter<Loss>.choice(
        "loss", .distance, "the loss: distance D(a,p) - D(a,n), or hinge max(0, D(a,p) - D(a,n) + margin)")
    static let margin = MethodParameter<Double>.number("margin", 0.2, in: 0...1e6, "the margin of loss=hinge")
    static let top = MethodParameter<Int?>(
        "top", nil, written: "all", "all, or how many of the largest channel weights are kept, 1 to 1000000"
    ) { text in
        if text == "all" { return .some(nil) }
        return Int(text).flatMap { (1...1_000_000).contains($0) ? .some($0) : nil }
    }
    private static let files = ["anchor", "positive", "negative"].map { name in
        MethodParameter<Tensor<Float>?>.file(name, "the \(name)s, [N, …] as the model's input, one triplet a row")
    }

    static var descriptions: [MethodDescription.Parameter] {
        files.map(\.description) + [loss.description, margin.description, top.description]
    }

    /// Anchors, positives and negatives; nil where a file was not named.
    private let stacks: [Tensor<Float>?]
    private let loss: Loss
    private let margin: Double
    private let top: Int?

    init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        var stacks: [Tensor<Float>?] = []
        for file in Self.files { stacks.append(try parameters.value(file)) }
        self.stacks = stacks
        loss = try parameters.value(Self.loss)
        margin = try parameters.value(Self.margin)
        top = try parameters.value(Self.top)
    }

    /// Anchors, positives and negatives; fails where one is missing or they do not fit each other.
    private func pictures(_ label: String) throws(ExplanationError) -> [Tensor<Float>] {
        var pictures: [Tensor<Float>] = []
        for (stack, file) in zip(stacks, Self.files) {
            guard let stack else {
                throw .parameter(
                    method: label, name: file.name, reason: "it is needed: the \(file.name)s as a stack, FILE.npy")
            }
            guard stack.shape.rank > 1, stack.shape.count > 0, stack.shape == pictures.first?.shape ?? stack.shape
            else {
                throw .parameter(
                    method: label, name: file.name,
                    reason: "it has shape \(stack.shape); all three are stacks [N, …] of one shape")
            }
            pictures.append(stack)
        }
        return pictures
    }

    /// Differentiates the loss with respect to the anchors' maps.
    ///
    /// With D the squared Euclidean distance, `∂L/∂f_a = 2 (f_n - f_p)` for a triplet that counts; that is what Grad-CAM starts
    /// from.
    func outcome(of question: StackQuestion) throws -> Outcome {
        guard let source = question.target.sources.first, question.target.sources.count == 1 else {
            throw ExplanationError.target(
                text: question.label, reason: "triplets are compared by one output; name the embedding alone")
        }
        let embedding = Target.elements(source, .whole)
        func embedded(_ pictures: Tensor<Float>) throws -> Tensor<Float> {
            try question.answers(at: pictures, about: .sum(embedding), of: [MethodSpecification("output")])[0].values
        }
        let pictures = try pictures(question.label)
        let (a, p, n) = (try embedded(pictures[0]), try embedded(pictures[1]), try embedded(pictures[2]))
        let count = pictures[0].shape[0]
        guard a.shape.dimensions.first == count else {
            throw ExplanationError.target(
                text: question.label, reason: "the output of shape \(a.shape) holds no row for each of \(count) anchors"
            )
        }
        let (losses, seeds, inactive) = differentiate(a, p, n, count: count)
        let file = "the triplets' directions"
        let answers = try question.answers(
            at: pictures[0], about: .dot(embedding, file: file),
            of: [try MethodSpecification(parsing: "activation:layout=map"), MethodSpecification("gradcam-weights")],
            vectors: [file: seeds])
        let weights = kept(mean(of: answers[1].values))
        var notes = answers[1].notes
        if inactive > 0 {
            notes.append(
                inactive == count
                    ? "inactive hinge: all \(count) triplets are apart by more than the margin, so the map is 0; use loss=distance"
                    : "inactive hinge: \(inactive) of \(count) triplets are apart by more than the margin and count nothing"
            )
        }
        return Outcome(
            layer: answers[1].layer, maps: answers[0].values, weights: weights, losses: losses, notes: notes)
    }

    /// The losses, their derivatives by the anchors' embeddings, and how many triplets count nothing.
    private func differentiate(
        _ a: Tensor<Float>, _ p: Tensor<Float>, _ n: Tensor<Float>, count: Int
    ) -> (losses: [Float], seeds: Tensor<Float>, inactive: Int) {
        let length = a.elements.count / count
        var seeds = Tensor<Float>(repeating: 0, shape: a.shape)
        var losses: [Float] = []
        var inactive = 0
        for row in 0..<count {
            let range = row * length..<(row + 1) * length
            let difference = range.reduce(0.0) { sum, index in
                let near = Double(a.elements[index]) - Double(p.elements[index])
                let far = Double(a.elements[index]) - Double(n.elements[index])
                return sum + near * near - far * far
            }
            // `max` would make 0 of NaN, and a broken embedding an inactive triplet.
            let value = loss == .hinge && difference + margin < 0 ? 0 : difference + (loss == .hinge ? margin : 0)
            losses.append(Float(value))
            guard loss == .distance || value != 0 else {
                inactive += 1
                continue
            }
            seeds.mutateElements { elements in
                for index in range { elements[index] = 2 * (n.elements[index] - p.elements[index]) }
            }
        }
        return (losses, seeds, inactive)
    }

    /// The mean over the rows of `[N, C]`.
    private func mean(of rows: Tensor<Float>) -> [Double] {
        let (count, channels) = (rows.shape[0], rows.shape[1])
        return (0..<channels).map { channel in
            (0..<count).reduce(0.0) { $0 + Double(rows.elements[$1 * channels + channel]) } / Double(count)
        }
    }

    /// The largest M weights, the first of equals; the others 0.
    private func kept(_ weights: [Double]) -> [Float] {
        let order = weights.indices.sorted { (weights[$0], $1) > (weights[$1], $0) }
        let chosen = Set(order.prefix(top ?? weights.count))
        return weights.indices.map { chosen.contains($0) ? Float(weights[$0]) : 0 }
    }
}
