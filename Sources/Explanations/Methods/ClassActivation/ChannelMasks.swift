import Tensors

/// Every channel of a layer as a mask over the input: enlarged, and brought to 0...1.
struct ChannelMasks: Sendable {
    /// In which order, and over which places.
    enum Form: Sendable {
        /// Enlarged, its corners' cells centred within the corners, then brought to 0...1.
        case enlargedFirst
        /// Enlarged, its corners' cells centred on the corners' pixels, then brought to 0...1.
        case cornersAligned
        /// Brought to 0...1, then enlarged.
        case normalisedFirst
    }

    private let maps: Tensor<Float>
    private let form: Form
    private let rows: MapTaps
    private let columns: MapTaps

    /// The masks of maps `[C, H, W]` over an input of this size.
    init(_ maps: Tensor<Float>, over size: (height: Int, width: Int), form: Form = .enlargedFirst) {
        self.maps = maps
        self.form = form
        rows = Self.taps(from: maps.shape[1], to: size.height, form)
        columns = Self.taps(from: maps.shape[2], to: size.width, form)
    }

    private static func taps(from cells: Int, to pixels: Int, _ form: Form) -> MapTaps {
        guard form == .cornersAligned else { return .resizing(from: cells, to: pixels, by: .bilinear) }
        let step = pixels > 1 ? Double(cells - 1) / Double(pixels - 1) : 0
        return MapTaps(positions: (0..<pixels).map { Double($0) * step }, length: cells, by: .bilinear)
    }

    /// The mask `[h, w]` of a channel; all zeros where the channel is the same everywhere.
    func mask(_ channel: Int) -> Tensor<Float> {
        let map = maps.slice(channel)
        // Interpolation leaves rounding noise of a constant channel, which would become a mask.
        guard !isConstant(channel) else { return enlarged(map.map { _ in 0 }) }
        guard form == .normalisedFirst else {
            return map.resampled(rows: rows, columns: columns).broughtToUnitRange
        }
        return map.broughtToUnitRange.resampled(rows: rows, columns: columns)
    }

    /// A map `[H, W]` at the input's size, as the masks are enlarged.
    func enlarged(_ map: Tensor<Float>) -> Tensor<Float> { map.resampled(rows: rows, columns: columns) }

    /// The channels by falling deviation over their cells, at most so many; `constant` are those of them that are the
    /// same everywhere.
    func strongest(_ limit: Int) -> (varying: [Int], constant: [Int]) {
        let cells = max(maps.shape[1] * maps.shape[2], 1)
        let variances = (0..<maps.shape[0]).map { channel -> Double in
            let values = maps.elements[channel * cells..<(channel + 1) * cells]
            let mean = values.reduce(0.0) { $0 + Double($1) } / Double(cells)
            return values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(cells)
        }
        let order = variances.indices.sorted {
            variances[$0] > variances[$1] || (variances[$0] == variances[$1] && $0 < $1)
        }.prefix(limit)
        return (order.filter { !isConstant($0) }, order.filter(isConstant))
    }

    private func isConstant(_ channel: Int) -> Bool {
        let cells = maps.shape[1] * maps.shape[2]
        let values = maps.elements[channel * cells..<(channel + 1) * cells]
        return values.allSatisfy { $0 == values.first }
    }
}

extension Tensor where Scalar == Float {
    /// `(self - min) / (max - min)`; zeros where all elements are equal.
    var broughtToUnitRange: Tensor<Float> {
        guard let low = elements.min(), let high = elements.max(), high > low else { return map { _ in 0 } }
        let range = Double(high) - Double(low)
        return map { Float((Double($0) - Double(low)) / range) }
    }
}
