import Explanations
import Imaging
import Reports
import Tensors

/// A head with its outputs for one picture.
struct HeadReading {
    let head: any Head
    let outputs: OutputValues
}

extension Explainer {
    /// What is listed, as predictions.
    func predictions(_ reading: HeadReading, geometry: PictureGeometry) throws -> [Prediction] {
        try reading.head.findings(in: reading.outputs).map {
            prediction($0, head: reading.head.description, geometry: geometry)
        }
    }

    func prediction(_ finding: Finding, head: HeadDescription, geometry: PictureGeometry) -> Prediction {
        let box = finding.box.map { box in
            let (left, top) = geometry.photoPoint(x: box.left, y: box.top)
            let (right, bottom) = geometry.photoPoint(x: box.right, y: box.bottom)
            return PictureBox(left: left, top: top, right: right, bottom: bottom)
        }
        return Prediction(
            index: finding.index, name: head.name(of: finding.index, names: classNames), score: finding.score,
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
                chosen += try reading.head.findings(in: reading.outputs).prefix(count)
            case .top: chosen.append(try reading.head.finding(choice, in: reading.outputs))
            case .named(let text):
                choice.index = try index(of: text, head: head)
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
        var request = ScoreRequest(names: classNames)
        if let contrast {
            if head.kind == .embedding {
                request.reference = try reference(contrast, head: head)
            } else {
                request.contrast = try index(of: contrast, head: head)
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

    private func index(of text: String, head: HeadDescription) throws -> Int {
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
        let names =
            head.names(from: classNames)
            ?? (head.kind == .binary ? [0, 1].map { head.name(of: $0, names: nil) } : nil)
        return try ClassNames.index(of: text, names: names, count: head.classCount)
    }

    /// The embedding of the picture at a path.
    private func reference(_ path: String, head: HeadDescription) throws -> Tensor<Float> {
        let other = try reading(of: preprocessing.input(from: picture(contentsOf: path)))
        let values = try other.outputs.value(head.output)
        return try values.reshaped([values.shape.count])
    }

    /// What a reader should know about the choice of the score.
    func notes(on head: HeadDescription, _ ranking: [Prediction]) -> [String] {
        var notes: [String] = []
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
