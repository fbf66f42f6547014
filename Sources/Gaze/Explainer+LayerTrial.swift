import Archives
import Explanations
import Graphs
import Tensors

/// The layer of a score, where candidates were tried.
struct MeasuredLayer {
    var choice: LayerChoice?
    var trial: LayerTrial?
    var notes: [String] = []
}

extension Explainer {
    /// Tries the candidates where methods leave the layer open.
    ///
    /// The trial only betters a choice that there is anyway: where it fails, the structural choice stays, with a note.
    func measuredLayer(
        _ rule: AutomaticLayerRule, layer: String?, methods: [MethodSpecification], score: TrialScore,
        rival: TrialScore? = nil, input: AnyTensor
    ) -> MeasuredLayer {
        // Class activation mapping has its layer from the head.
        let isOpen = methods.contains {
            $0.name != "cam" && (try? MethodCatalogue.description(named: $0.name).place) == .layer
        }
        guard rule == .measured, layer == nil, defaultLayer == nil, isOpen else { return MeasuredLayer() }
        do {
            let result = try attributor.layerTrial(
                inputs: inputs(with: input), score: score, rival: rival, wrt: pictureInput)
            return MeasuredLayer(choice: result?.choice, trial: result?.trial)
        } catch {
            return MeasuredLayer(notes: [
                "the layer was chosen by structure, because trying others failed: \(SystemReason.sentence(error))"
            ])
        }
    }

    /// The score that a finding's map should differ from: the contrast's, else that of the likeliest other class; nil
    /// where there are no other classes.
    func rival(of finding: Finding, _ request: ScoreRequest, in reading: HeadReading) throws -> HeadScore? {
        switch reading.head.description.kind {
        case .embedding, .regression, .binary, .picture: return nil
        case .classifier, .multiLabel, .segmentation, .fullyConvolutional, .sequence, .detector: break
        }
        let other =
            try request.contrast.map { try reading.head.finding(FindingChoice(index: $0), in: reading.outputs) }
            ?? reading.head.findings(in: reading.outputs).first { $0.index != finding.index && $0.score.isFinite }
        return try other.map {
            try reading.head.score(of: $0, ScoreRequest(mask: request.mask, names: request.names), in: reading.outputs)
        }
    }
}

extension HeadScore {
    /// The score with the masks and vectors that it names, which are in memory.
    var tried: TrialScore {
        TrialScore(target) { [tensors] file in
            if let known = tensors[file] { return known }
            return try Numpy.read(path: file).floatTensor
        }
    }
}
