import Tensors

extension Graph {
    /// Tells of weights that are no numbers: whatever reads them is no number either.
    mutating func noteDamagedWeights() {
        let damaged = values.filter { $0.constant?.containsNaN == true }.map(\.name)
        guard let first = damaged.first else { return }
        let more = damaged.count > 1 ? " and \(damaged.count - 1) more" : ""
        notes.append(
            "Weight '\(first)'\(more) contains NaN: every score and map that depends on it is NaN. Check the training, or export the model again."
        )
    }
}

extension AnyTensor {
    /// Whether an element is no number.
    fileprivate var containsNaN: Bool {
        switch elementType {
        case .float32:
            // The largest magnitude as bits: beyond infinity are only NaNs, and integers compare in vectors.
            ScalarCodec.scalars(in: bytes, as: Int32.self).reduce(into: Int32(0)) { $0 = max($0, $1 & 0x7FFF_FFFF) }
                > 0x7F80_0000
        case .float64: ScalarCodec.scalars(in: bytes, as: Double.self).contains { $0.isNaN }
        default: false
        }
    }
}
