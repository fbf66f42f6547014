import Differentiation
package import Graphs
package import Tensors

/// FullGrad (Srinivas and Fleuret 2019).
package struct FullGrad: GraphMethod {
    package static let description = MethodDescription(
        name: "fullgrad", family: .gradient,
        summary: "The input's share and every bias' share of the score, laid over one another.",
        formula:
            "S = Σ x ⊙ ∂S/∂x + Σ_l Σ b_l ⊙ ∂S/∂y_l;   map = ψ(x ⊙ ∂S/∂x) + Σ_l Σ_channels ψ(b_l ⊙ ∂S/∂y_l), ψ = magnitude, minimum to 0 and maximum to 1 a layer, bilinear to the picture's size (align_corners)",
        paper: "Srinivas, Fleuret: Full-Gradient Representation for Neural Network Visualization, NeurIPS 2019",
        result: "[B, H, W] of the input", place: .input, cost: "1 forward pass, 1 full backward pass",
        fits: "models with backward rules throughout and layers that are maps",
        remarks:
            "The shares sum to the score exactly (map=signed shows that sum; the check says how far it is off), for ReLU networks by their biases and batch normalisations, for others by implicit biases, b = y - J x. The paper's map takes magnitudes and rescales every layer, so it says where, not for or against; it passes the authors' own pixel perturbation and randomisation tests, but every map adds the picture's edges from the early layers. Biases of values that are no maps (fully connected layers) stay out of map=psi and are spread evenly in map=signed.",
        parameters: [aggregation.description], display: .positive)

    /// How the shares become one map.
    enum Aggregation: String, CaseIterable, Sendable {
        /// The paper's ψ.
        case psi
        /// The shares themselves; the map sums to the score.
        case signed
    }

    private static let aggregation = MethodParameter.choice(
        "map", Aggregation.psi,
        "psi: the paper's rescaled magnitudes; signed: the shares themselves, whose sum is the score")

    private let aggregation: Aggregation

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        aggregation = try parameters.value(Self.aggregation)
    }

    package func gradients(in question: Question) throws -> [GradientRequest] {
        if let node = question.graph.nodeWithoutBiasShare(from: question.input, to: question.scored) {
            throw ExplanationError.unsuitable(
                method: "fullgrad", reason: "the biases inside of the node \(question.graph.label(node)) have no share")
        }
        _ = try picture(in: question)
        return [.of(question.input)] + shares(in: question).map { .of($0.result) }
    }

    /// The axes of the input; fails where the layers hold other pictures than it.
    private func picture(in question: Question) throws -> PictureAxes {
        let name = question.graph[question.input].name
        guard let picture = question.graph.pictureAxes(of: question.input), picture.sampleAxis != nil,
            PlaceAxes(of: question.input, in: question.graph)?.lengths.count == 2
        else {
            throw ExplanationError.unsuitable(
                method: "fullgrad", reason: "the input '\(name)' is no picture; use a method at a layer, or gradient")
        }
        let biased = Set(shares(in: question).map(\.result))
        let stray = question.graph.layers(from: question.input).first { layer in
            biased.contains(layer.value)
                && layer.layout.map { $0.batch != question.batch || $0.lengths.count != 2 } ?? false
        }
        guard picture.batch == question.batch, stray == nil else {
            throw ExplanationError.unsuitable(
                method: "fullgrad",
                reason:
                    "'\(stray?.name ?? name)' holds several pictures of one sample, whose maps it would add up; use a method at a layer, or gradient"
            )
        }
        return picture
    }

    private func shares(in question: Question) -> [BiasShare] {
        question.graph.biasShares(from: question.input, to: question.scored)
    }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        let input = question.question.input
        let picture = try picture(in: question.question)
        let layouts = Dictionary(
            question.question.graph.layers(from: input).compactMap { layer in layer.layout.map { (layer.value, $0) } },
            uniquingKeysWith: { first, _ in first })
        let own = question.emit("Mul", [input, try question.gradient(of: input)])
        let order = [0, picture.channelAxis, picture.rowAxis, picture.columnAxis]
        let plane =
            order == [0, 1, 2, 3] ? own : question.emit("Transpose", [own], ["perm": .integers(order)])
        var total = part(plane, in: &question)
        for share in shares(in: question.question) {
            guard let value = try bias(share, in: &question) else { continue }
            if let layout = layouts[share.result] {
                let small = part(question.map(of: value, layout), in: &question)
                total = question.emit("Add", [total, resized(small, layout, to: picture, in: &question)])
            }
            if aggregation == .signed, let rest = placeless(value, of: share, layouts[share.result], in: &question) {
                let even = question.emit("Mul", [rest, question.scalar(1 / Double(picture.height * picture.width))])
                total = question.emit("Add", [total, question.reshape(even, to: [picture.batch, 1, 1])])
            }
        }
        return total
    }

    package func evidence(in question: inout QuestionGraph) throws -> [String: ValueID] {
        let input = question.question.input
        let own = question.emit("Mul", [input, try question.gradient(of: input)])
        var total = sampleSum(own, shape: question.graph.shape(of: input) ?? [], in: &question)
        for share in shares(in: question.question) {
            guard let value = try bias(share, in: &question) else { continue }
            let shape = question.graph.shape(of: share.result) ?? []
            total = question.emit("Add", [total, sampleSum(value, shape: shape, in: &question)])
        }
        return ["explained": total]
    }

    package func checks(of result: Tensor<Float>, score: Double, evidence: [String: Double]) -> [SelfCheck] {
        guard let explained = evidence["explained"] else { return [] }
        return CompletenessGap(sum: explained, magnitude: abs(explained), difference: score).checks(of: "the score")
    }

    private func bias(_ share: BiasShare, in question: inout QuestionGraph) throws -> ValueID? {
        guard let gradient = question.influence(of: share.result) else { return nil }
        return try question.appendBiasShare(share, cotangent: gradient)
    }

    /// The sum of what has no place in the picture, `[B]`: class tokens, fully connected layers; nil where all has one.
    private func placeless(
        _ value: ValueID, of share: BiasShare, _ layout: MapLayout?, in question: inout QuestionGraph
    ) -> ValueID? {
        let all = sampleSum(value, shape: question.graph.shape(of: share.result) ?? [], in: &question)
        guard let layout else { return all }
        guard layout.tokensWithoutPlace > 0 else { return nil }
        let placed = sampleSum(question.map(of: value, layout), shape: layout.shape, in: &question)
        return question.emit("Sub", [all, placed])
    }

    /// `[B]`.
    private func sampleSum(_ value: ValueID, shape: Shape, in question: inout QuestionGraph) -> ValueID {
        let batch = question.question.batch
        let rows = question.reshape(value, to: [batch, shape.count / max(batch, 1)])
        return question.emit("ReduceSum", [rows, question.integers([1])], ["keepdims": .integer(0)])
    }

    /// `[B, C, H, W]` to `[B, H, W]`: the sum over the channels, of rescaled magnitudes or as it is.
    private func part(_ map: ValueID, in question: inout QuestionGraph) -> ValueID {
        var map = map
        if aggregation == .psi {
            let magnitude = question.emit("Abs", [map])
            let axes = question.integers([1, 2, 3])
            let lowest = question.emit("ReduceMin", [magnitude, axes], ["keepdims": .integer(1)])
            let lifted = question.emit("Sub", [magnitude, lowest])
            let highest = question.emit("ReduceMax", [lifted, axes], ["keepdims": .integer(1)])
            map = question.emit("Div", [lifted, question.emit("Max", [highest, question.scalar(1e-37)])])
        }
        return question.emit("ReduceSum", [map, question.integers([1])], ["keepdims": .integer(0)])
    }

    /// `[B, h, w]` at the picture's size: interpolated, or every cell's number shared out over pixels.
    private func resized(
        _ map: ValueID, _ layout: MapLayout, to picture: PictureAxes, in question: inout QuestionGraph
    ) -> ValueID {
        switch aggregation {
        case .psi:
            let plane = question.reshape(map, to: [layout.batch, 1, layout.height, layout.width])
            let sizes = question.integers([layout.batch, 1, picture.height, picture.width])
            let large = question.emit(
                "Resize", [plane, nil, nil, sizes],
                ["mode": .string("linear"), "coordinate_transformation_mode": .string("align_corners")])
            return question.reshape(large, to: [layout.batch, picture.height, picture.width])
        case .signed:
            let rows = question.constant(Self.sharing(layout.height, over: picture.height, transposed: false))
            let columns = question.constant(Self.sharing(layout.width, over: picture.width, transposed: true))
            return question.emit("MatMul", [question.emit("MatMul", [rows, map]), columns])
        }
    }

    /// `[pixels, cells]`: by how much of each cell's number a pixel grows; a cell's parts sum to 1 and fall off linearly to the
    /// centres of its neighbours.
    private static func sharing(_ cells: Int, over pixels: Int, transposed: Bool) -> Tensor<Float> {
        var weights = [[Double]](repeating: [Double](repeating: 0, count: cells), count: pixels)
        for pixel in 0..<pixels {
            let place = min(max((Double(pixel) + 0.5) * Double(cells) / Double(pixels) - 0.5, 0), Double(cells - 1))
            let first = Int(place)
            weights[pixel][first] += 1 - (place - Double(first))
            if first + 1 < cells { weights[pixel][first + 1] += place - Double(first) }
        }
        for cell in 0..<cells {
            let total = weights.reduce(0) { $0 + $1[cell] }
            // More cells than pixels: some lie between the pixels' centres.
            guard total > 0 else {
                weights[min(cell * pixels / cells, pixels - 1)][cell] = 1
                continue
            }
            for pixel in 0..<pixels { weights[pixel][cell] /= total }
        }
        var result = Tensor<Float>(repeating: 0, shape: transposed ? [cells, pixels] : [pixels, cells])
        result.mutateElements { elements in
            for pixel in 0..<pixels {
                for cell in 0..<cells {
                    elements[transposed ? cell * pixels + pixel : pixel * cells + cell] = Float(weights[pixel][cell])
                }
            }
        }
        return result
    }
}
