import Tensors

extension Experiment {
    /// The moments of a method's maps over noisy copies of the input, and where the maps live.
    func moments(
        of method: WrappedMethod, over copies: NoisyCopies, _ transform: (Double) -> Double = { $0 }
    ) throws -> (moments: RunningMoments, stream: MapStream) {
        noteRounding()
        let source = try copies.source(for: self)
        var moments = RunningMoments()
        let stream = try streamMaps(source.count, of: method.specification) {
            source.copy($0)
        } consume: {
            try moments.add($1, transform)
        }
        return (moments, stream)
    }
}

extension ProcedureResult {
    /// The mean of maps with its standard error.
    init(mean moments: RunningMoments, of stream: Experiment.MapStream) {
        self.init(moments.mean, layer: stream.layer)
        companions = moments.standardError.map { ["standard-error": $0] } ?? [:]
        checks = [SelfCheck("samples", Double(moments.count), "how many maps were averaged")]
        if let error = moments.relativeStandardError {
            checks.append(
                SelfCheck(
                    "standard error", error,
                    "how far the mean is from that of endless sampling, root mean square as a part of the map's; it halves with four times the samples"
                ))
        }
    }
}
