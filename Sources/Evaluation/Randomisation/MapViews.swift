package import Explanations
import Foundation
package import Tensors

/// A map as people see it, in two ways, one number a pixel of the model's input.
package struct MapViews: Sendable {
    /// Where the map is strong, never negative: the sum of magnitudes over channels for maps of the input; what speaks for the
    /// score where the map's picture shows only that (class activation).
    package let absolute: Tensor<Float>
    /// The signed sum over channels.
    package let diverging: Tensor<Float>

    package init(absolute: Tensor<Float>, diverging: Tensor<Float>) {
        self.absolute = absolute
        self.diverging = diverging
    }

    /// The views of one sample's result; nil where it is no map over a picture.
    package init?(
        _ attribution: Attribution, sample: Int = 0, display: MethodDescription.Display, over planes: PicturePlanes
    ) {
        guard let diverging = attribution.map(ofSample: sample, display: .signed, over: planes) else { return nil }
        self.diverging = diverging
        switch display {
        case .positive, .relative: absolute = display.evidence(in: diverging)
        case .magnitude, .signed:
            let magnitudes = MethodDescription.Display.signed.map(
                of: attribution.values.slice(sample).map { abs($0) }, channelsLast: planes.channelAxis == 3,
                height: planes.height, width: planes.width)
            absolute = magnitudes.shape == diverging.shape ? magnitudes : diverging.map { abs($0) }
        }
    }

    /// Whether nothing of the map distinguishes one place from another, or some of it is no number.
    package var isEmpty: Bool {
        guard let first = diverging.elements.first, first.isFinite else { return true }
        var varies = false
        for value in diverging.elements {
            guard value.isFinite else { return true }
            if value != first { varies = true }
        }
        return !varies
    }
}

extension Tensor<Float> {
    /// The entropy in nats of a histogram of the values over equally wide bins from the smallest to the largest: how complex a map is
    /// (Hedström et al. 2024); 0 where all values are equal, or one is no number.
    package func histogramEntropy(bins: Int = 100) -> Double {
        guard elements.allSatisfy(\.isFinite), let low = elements.min(), let high = elements.max(), high > low, bins > 0
        else { return 0 }
        var counts = [Int](repeating: 0, count: bins)
        let scale = Double(bins) / (Double(high) - Double(low))
        for value in elements { counts[min(Int((Double(value) - Double(low)) * scale), bins - 1)] += 1 }
        let total = Double(elements.count)
        return counts.reduce(0) { sum, count in
            let share = Double(count) / total
            return count > 0 ? sum - share * log(share) : sum
        }
    }
}
