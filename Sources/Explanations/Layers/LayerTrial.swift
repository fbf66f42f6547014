import Foundation
package import Graphs
import Tensors

/// Candidate layers compared on one picture, and which of them is taken.
///
/// Each candidate's Grad-CAM map L is measured by
///
///     deletion        mean over k = 1...8 of (S(x) - S(x_k)) / (S(x) - S_min)
///     discrimination  1 - cos(relu L of the class, relu L of its rival); 0 without a rival
///     resolution      1 - 1 / √(height * width)
///     score           deletion + 0.1 discrimination + 0.1 resolution - 0.4 steps
///
/// where x_k has the k/16 of the picture that L ranks highest replaced by the picture's mean colour (Petsiuk et al., RISE, 2018), and
/// S_min is the lowest score of all these pictures and of the mean colour alone. Steps are counted from the structural choice, the first
/// candidate: a shallower layer's map follows edges, whose loss lowers many scores, so it has to be clearly better. The highest score
/// wins, the earlier candidate where two are equal; a map without a positive cell, with next to nothing positive (`PositiveEvidence`), or
/// constant, cannot win.
public struct LayerTrial: Sendable, Hashable, Codable {
    /// One candidate.
    public struct Entry: Sendable, Hashable, Codable {
        /// The layer's name, for `--layer`.
        public let name: String
        /// The ONNX tensor.
        public let tensor: String
        /// The map's rows.
        public let height: Int
        /// The map's columns.
        public let width: Int
        /// How little the maps of the class and of its rival overlap, 0...1; nil where nothing was compared.
        public let discrimination: Double?
        /// How much of the score goes with the places that the map ranks highest, at most 1; nil for an empty map.
        public let deletion: Double?
        /// What candidates are compared by; nil for an empty map.
        public let score: Double?
    }

    /// The candidates, the structural choice first.
    public let entries: [Entry]
    /// The position of the layer that is taken.
    public let chosen: Int

    /// How many candidates are tried: with nine pictures each, about the time of 50 forward passes.
    public static let candidateLimit = 4

    /// By how much a candidate has to beat the one before it.
    static let step = 0.4

    /// What was measured at a candidate.
    package struct Measurement: Sendable {
        package let layer: Layer
        package let discrimination: Double?
        /// Nil for an empty map.
        package let deletion: Double?

        package init(_ layer: Layer, discrimination: Double?, deletion: Double?) {
            self.layer = layer
            self.discrimination = discrimination
            self.deletion = deletion
        }
    }

    package init(_ measurements: [Measurement]) {
        let entries = measurements.enumerated().map { position, measurement in
            let (height, width) = (measurement.layer.layout?.height ?? 1, measurement.layer.layout?.width ?? 1)
            let resolution = 1 - 1 / Double(height * width).squareRoot()
            return Entry(
                name: measurement.layer.name, tensor: measurement.layer.tensorName, height: height, width: width,
                discrimination: measurement.discrimination, deletion: measurement.deletion,
                score: measurement.deletion.map {
                    $0 + 0.1 * (measurement.discrimination ?? 0) + 0.1 * resolution - Self.step * Double(position)
                })
        }
        self.entries = entries
        chosen = entries.indices.reduce(0) { best, position in
            (entries[position].score ?? -.infinity) > (entries[best].score ?? -.infinity) ? position : best
        }
    }

    /// Why the chosen layer was taken, in one sentence that starts with small letters.
    public var reason: String {
        let winner = entries[chosen]
        func number(_ value: Double?) -> String { value.map { String(format: "%.2f", $0) } ?? "none" }
        guard winner.score != nil else { return "no candidate's map shows anything, so the structural choice stays" }
        var numbers = "deletion \(number(winner.deletion))"
        if let discrimination = winner.discrimination { numbers += ", discrimination \(number(discrimination))" }
        numbers += ", \(winner.height)x\(winner.width) cells: score \(number(winner.score))"
        let rest = entries.indices.filter { $0 != chosen && entries[$0].score != nil }
        if let next = rest.max(by: { (entries[$0].score ?? 0) < (entries[$1].score ?? 0) }) {
            numbers += ", next '\(entries[next].name)' \(number(entries[next].score))"
        }
        return "tried on this picture against \(entries.count - 1) other\(entries.count == 2 ? "" : "s") (\(numbers))"
    }
}

extension LayerTrial {
    /// 1 - cos of the positive parts; 0 where one of them is empty, because an empty map tells nothing apart.
    ///
    /// Ranks would not do: positive parts are mostly ties at zero.
    package static func discrimination(_ first: [Float], _ second: [Float]) -> Double {
        var (product, left, right) = (0.0, 0.0, 0.0)
        for (one, other) in zip(first, second) {
            let (a, b) = (max(Double(one), 0), max(Double(other), 0))
            product += a * b
            left += a * a
            right += b * b
        }
        let norm = (left * right).squareRoot()
        return norm > 0 && norm.isFinite ? 1 - min(product / norm, 1) : 0
    }

    /// Whether a map has a positive cell that counts beside its negative ones, differs between cells, and holds numbers only.
    package static func isInformative(_ map: [Float]) -> Bool {
        guard map.allSatisfy(\.isFinite), let low = map.min(), let high = map.max() else { return false }
        return high > 0 && high > low && !PositiveEvidence.isNegligible(low: low, high: high)
    }
}
