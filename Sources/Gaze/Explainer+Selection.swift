import Explanations
import Graphs
import Imaging
import Reports
import Tensors

/// A head with its outputs for one picture.
struct HeadReading {
    let head: any Head
    let outputs: OutputValues
    let labels: ClassLabels
    /// What the outputs were computed from.
    let inputs: [String: AnyTensor]
}

extension Explainer {
    /// The head of the model (or of one with other parameters) with what its outputs hold.
    func reading(of inputs: [String: AnyTensor], in attributor: Attributor) throws -> HeadReading {
        let known = try attributor.reading(
            of: inputs, input: pictureInput, labelCount: classNames?.entries.count)
        guard let known else { throw model.unknownOutputs() }
        return HeadReading(
            head: known.head, outputs: known.outputs, labels: try labels(for: known.head.description), inputs: inputs)
    }

    /// What the model says, the likeliest first; throws where NaN or infinity leaves open which that is.
    func ranked(_ reading: HeadReading) throws -> [Finding] {
        try attributor.ranked(reading.head, reading.outputs, of: reading.inputs, input: pictureInput)
    }

    /// NaN and infinity among what the model says; nil where every number can be compared.
    func problem(_ reading: HeadReading) -> ExplanationError? {
        attributor.problem(reading.head, reading.outputs, of: reading.inputs, input: pictureInput)
    }

    /// The names of the model's classes; asks the model what its outputs mean, which does not depend on what a picture shows.
    public func classLabels() throws -> ClassLabels {
        let side = preprocessing.resize
        return try labels(for: headDescription(of: Picture(width: side.width, height: side.height)))
    }

    /// What the outputs mean, whatever they hold for a picture.
    func headDescription(of picture: Picture) throws -> HeadDescription {
        try reading(of: preprocessing.input(from: picture)).head.description
    }

    /// The part of the input that the cells of a map look at; nil where that is all of it, or not known.
    func reach(of attribution: Attribution, at input: AnyTensor) -> MapReach? {
        guard preprocessing.layout == .nchw, let layer = attribution.layer?.layer, layer.layout != nil,
            let graph = try? attributor.specialisedGraph(for: inputs(with: input).mapValues(\.shape)),
            let picture = try? graph.input(named: pictureInput), graph.values.indices.contains(layer.value.index),
            graph[layer.value].name == layer.tensorName
        else { return nil }
        return graph.reach(of: layer.value, from: picture).flatMap { $0.isWhole ? nil : $0 }
    }

    /// What is listed, as predictions.
    func predictions(_ reading: HeadReading, geometry: PictureGeometry) throws -> [Prediction] {
        try reading.head.findings(in: reading.outputs).map {
            prediction($0, reading, geometry: geometry)
        }
    }

    func prediction(_ finding: Finding, _ reading: HeadReading, geometry: PictureGeometry) -> Prediction {
        let box = finding.box.map { box in
            let (left, top) = geometry.photoPoint(x: box.left, y: box.top)
            let (right, bottom) = geometry.photoPoint(x: box.right, y: box.bottom)
            return PictureBox(left: left, top: top, right: right, bottom: bottom)
        }
        return Prediction(
            index: finding.index,
            name: reading.head.description.name(of: finding.index, names: reading.labels.shown), score: finding.score,
            probability: finding.probability, area: finding.area, box: box, candidate: finding.candidate)
    }

    /// What is explained, in the order asked for, each once.
    func findings(
        _ classes: [ClassSelection], box: BoxSelection?, in reading: HeadReading, geometry: PictureGeometry
    ) throws -> [Finding] {
        let head = reading.head.description
        var choice = FindingChoice()
        switch box {
        case nil: break
        case .box? where head.kind != .detector && reading.head.mapSize != nil: break
        case _ where head.kind != .detector:
            throw GazeError.unsuitableChoice(
                option: "--box", head: head.kind.rawValue,
                advice: reading.head.mapSize == nil
                    ? "it has no boxes; choose a class with -c"
                    : "it has no candidates; give a region as x0,y0,x1,y1")
        case .candidate(let index): choice.candidate = index
        case .box(let box):
            let (left, top) = geometry.inputPoint(x: box.left, y: box.top)
            let (right, bottom) = geometry.inputPoint(x: box.right, y: box.bottom)
            choice.box = InputBox(left: left, top: top, right: right, bottom: bottom)
        }
        var chosen: [Finding] = []
        for selection in classes {
            switch selection {
            case .top(let count) where box == nil:
                chosen += try ranked(reading).prefix(count)
            case .top: chosen.append(try reading.head.finding(choice, in: reading.outputs))
            case .named(let text):
                choice.index = try index(of: text, reading)
                chosen.append(try reading.head.finding(choice, in: reading.outputs))
            }
        }
        var seen: Set<Finding> = []
        return chosen.filter { seen.insert($0).inserted }
    }

    /// What varies the score, in the terms of the head.
    func request(
        contrast: String?, mask: PlaceMask?, box: BoxSelection? = nil, for reading: HeadReading,
        geometry: PictureGeometry
    ) throws -> ScoreRequest {
        let head = reading.head.description
        var request = ScoreRequest(names: reading.labels.shown)
        if let contrast {
            if head.kind == .embedding {
                request.reference = try reference(contrast, head: head)
            } else {
                request.contrast = try index(of: contrast, reading)
            }
        }
        if let mask {
            guard let size = reading.head.mapSize else {
                throw GazeError.unsuitableChoice(
                    option: "--mask", head: head.kind.rawValue,
                    advice: "it does not answer place by place; leave --mask out")
            }
            request.mask = try mask.places(height: size.height, width: size.width, geometry: geometry)
        }
        if case .box(let region)? = box, head.kind != .detector, let size = reading.head.mapSize {
            let places = try region.places(height: size.height, width: size.width, geometry: geometry)
            let both = try request.mask.map { mask in
                try Tensor(shape: mask.shape, elements: zip(mask.elements, places.elements).map { $0 * $1 })
            }
            request.mask = both ?? places
        }
        return request
    }

    private func index(of text: String, _ reading: HeadReading) throws -> Int {
        let head = reading.head.description
        guard head.kind != .picture else {
            throw GazeError.unsuitableChoice(
                option: "-c", head: "model with a \(head.kind.rawValue) as output",
                advice:
                    "there are no classes; leave -c out, choose a region with --mask or --box, or name a channel with \(TargetText.option("mean(\(TargetText.name(head.output))[0])"))"
            )
        }
        guard head.kind != .embedding else {
            throw GazeError.unsuitableChoice(
                option: "-c", head: "model of \(head.kind.rawValue)s",
                advice:
                    "there are no classes; leave -c out, compare with another picture by --vs IMAGE, or name a component with \(TargetText.option("\(TargetText.name(head.output))[0]"))"
            )
        }
        return try reading.labels.index(of: text, in: head)
    }

    /// The embedding of the picture at a path.
    private func reference(_ path: String, head: HeadDescription) throws -> Tensor<Float> {
        let other = try reading(of: preprocessing.input(from: picture(contentsOf: path)))
        let values = try other.outputs.value(head.output)
        return try values.reshaped([values.shape.count])
    }

    /// What a reader should know about the choice of the score.
    func notes(on reading: HeadReading, _ ranking: [Prediction]) -> [String] {
        let head = reading.head.description
        let broken = reading.head.brokenNumbers(in: reading.outputs).flatMap { $0.isOrdered ? nil : $0.sentence }
        var notes = [reading.labels.note, broken.map { "\($0), so no probability of this picture counts" }].compactMap(
            \.self)
        if head.isGuess {
            let kind = head.kind == .picture ? "model that puts out a picture" : head.kind.rawValue
            let question = head.question.map { ": \($0)" } ?? ""
            notes.append("the model is taken for a \(kind): \(head.reason); that is a guess\(question)")
        }
        if head.kind == .detector, let first = ranking.first, (first.probability ?? 0) < NonMaximumSuppression.threshold
        {
            notes.append(
                "no candidate is surer than \(Int(NonMaximumSuppression.threshold * 100)) %; the surest one is explained"
            )
        }
        return notes
    }
}
