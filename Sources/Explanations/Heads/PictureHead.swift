import Graphs
import Tensors

/// A picture in place of classes: a reconstruction, a depth map, a larger picture. Explained is the reconstruction error where the output has
/// the input's shape, else the mean of the output; a mask or box selects a region of it.
package struct PictureHead: Head {
    package let description: HeadDescription
    let output: OutputSurvey.Output
    let map: ClassMap
    /// Whether the output can be compared with the input number by number.
    let isReconstruction: Bool

    private static let pictureWords = [
        "recon", "decod", "denois", "restor", "depth", "dispar", "upscal", "superres", "super_res", "generated",
        "x_hat", "xhat", "picture", "image", "rgb", "enhanc", "deblur", "inpaint", "colori", "stylized", "alpha_matte",
    ]
    private static let classWords = ["mask", "seg", "logit", "prob", "class", "label", "heat", "score", "saliency"]

    package static func recognised(_ output: OutputSurvey.Output, in survey: OutputSurvey) -> PictureHead? {
        guard output.decision == nil, let map = survey.pictureOfPicture(output), let size = map.size,
            let why = evidence(output, map, in: survey)
        else { return nil }
        let isReconstruction = output.axes == survey.inputAxes
        let name = TargetText.name(output.name)
        let channel = map.classAxis.map { axis in
            "\(name)[\(Array(repeating: ":", count: axis).joined(separator: ","))\(axis > 0 ? "," : "")0]"
        }
        return PictureHead(
            description: HeadDescription(
                .picture, output: output.name, classCount: 0,
                reason:
                    "'\(output.name)' holds \(map.classCount) number\(map.classCount == 1 ? "" : "s") for each of \(size.height)x\(size.width) pixels, taken as a picture (\(why))\(survey.choice(of: [output.name]))",
                isGuess: true,
                question:
                    "if they are class scores, explain a class with \(TargetText.option("mean(\(channel ?? name))")); a region of the output with --mask or --box"
            ),
            output: output, map: map, isReconstruction: isReconstruction)
    }

    /// What speaks for a picture and against classes; nil where classes are likelier.
    private static func evidence(
        _ output: OutputSurvey.Output, _ map: ClassMap, in survey: OutputSurvey
    ) -> String? {
        let count = map.classCount
        switch survey.metadata.task {
        case .depth?: return "the file's task is depth"
        case .picture?: return "the file's task is a picture"
        case nil: break
        default: return nil
        }
        guard count == 1 || count == 3, survey.labelCount == nil || survey.labelCount == 0,
            output.activation == nil || output.activation == "Sigmoid"
        else { return nil }
        if output.isCalled(pictureWords) { return "its name speaks of one" }
        if output.isCalled(classWords) { return nil }
        let end = survey.graph.lastOperation(of: output.value)
        if end == "Tanh" { return "it passes a tanh" }
        if survey.graph.addsInput(to: output.value) { return "it is added to the input" }
        if count == 3 {
            // Class scores are made small and enlarged; pictures are made at their size.
            return end == "Resize" ? nil : "as many channels as colours, and no softmax over them"
        }
        if end == "Relu" { return "nothing is below zero, as in a depth map" }
        return count == survey.inputChannels ? "as many channels as the input" : nil
    }

    package var mapSize: (height: Int, width: Int)? { map.size }

    package func findings(in outputs: OutputValues) throws -> [Finding] {
        let values = try outputs.value(output.name).elements
        let mean = values.reduce(0.0) { $0 + Double($1) } / Double(max(values.count, 1))
        return [Finding(index: 0, score: mean)]
    }

    package func finding(_ choice: FindingChoice, in outputs: OutputValues) throws -> Finding {
        guard choice.index == nil else {
            throw ExplanationError.unsuitable(
                method: "-c",
                reason:
                    "the output '\(output.name)' is taken for a picture and has no classes; leave -c out, choose a region with --mask or --box, or name a channel with \(TargetText.option("mean(\(TargetText.name(output.name))[0])"))"
            )
        }
        return try ranked(in: outputs)[0]
    }

    package func score(of finding: Finding, _ request: ScoreRequest, in outputs: OutputValues) -> HeadScore {
        let whole = Target.elements(.name(output.name), .whole)
        if let mask = request.mask {
            let count = mask.elements.count { $0 == 1 }
            return HeadScore(
                .mean(whole, mask: "places"), tensors: ["places": places(of: mask)],
                statement: "the mean of '\(output.name)' over \(Grouped.text(count)) pixels of the region")
        }
        guard isReconstruction else {
            return HeadScore(.mean(whole, mask: nil), statement: "the mean of '\(output.name)' over all pixels")
        }
        return HeadScore(
            .error(whole, reference: nil, isAbsolute: false),
            statement: "the reconstruction error: the sum of squared differences between '\(output.name)' and the input"
        )
    }

    /// A mask of places, repeated for every channel in the order of the output.
    private func places(of mask: Tensor<Float>) -> Tensor<Float> {
        let count = map.classCount
        let elements = mask.elements
        guard count > 1 else { return Tensor(vector: elements) }
        return map.classAxis == 0
            ? Tensor(vector: (0..<count).flatMap { _ in elements })
            : Tensor(vector: elements.flatMap { Array(repeating: $0, count: count) })
    }
}

extension OutputSurvey {
    /// An output `[C, h, w]`, `[h, w, C]` or `[h, w]` whose places are the input's pixels, or a whole multiple or part of them.
    fileprivate func pictureOfPicture(_ output: Output) -> ClassMap? {
        guard let input = inputSize else { return nil }
        func fits(_ height: Int, _ width: Int) -> Bool {
            guard height > 1, width > 1, height * input.width == width * input.height else { return false }
            return height % input.height == 0 || (input.height == 2 * height)
        }
        let axes = output.axes
        switch axes.count {
        case 2 where fits(axes[0], axes[1]): return ClassMap(output: output, classAxis: nil)
        case 3:
            let first = fits(axes[1], axes[2]) && axes[0] <= 4
            let last = fits(axes[0], axes[1]) && axes[2] <= 4
            guard first || last else { return nil }
            let axis = first && (!last || !isChannelsLast) ? 0 : 2
            return ClassMap(output: output, classAxis: axes[axis] > 1 ? axis : nil)
        default: return nil
        }
    }
}

extension Graph {
    /// The operator that made a value, behind what only bounds, moves or scales it.
    fileprivate func lastOperation(of value: ValueID) -> String? {
        var current = value
        while let node = producingNode(of: current), node.domain.isEmpty, let operand = node.input(0) {
            guard
                [
                    "Identity", "Cast", "Clip", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Gather", "Slice",
                ].contains(node.operation)
            else { return node.operation }
            current = operand
        }
        return nil
    }

    /// Whether a value is a sum with the input, as a residual denoiser has it.
    fileprivate func addsInput(to value: ValueID) -> Bool {
        var current = value
        while let node = producingNode(of: current), node.domain.isEmpty, let operand = node.input(0) {
            switch node.operation {
            case "Add", "Sub": return node.operands.contains { inputs.contains($0) }
            case "Identity", "Clip", "Cast": current = operand
            default: return false
            }
        }
        return false
    }
}
