import Tensors

/// What a graph itself does to a picture in front of its first convolution: `y = scale * x + offset` per channel,
/// changes of type, layout and size.
public struct GraphPreprocessing: Sendable, Hashable {
    /// The pixels that suit the graph's own arithmetic.
    public enum PixelRange: String, Sendable, Hashable {
        /// 0...255.
        case bytes
        /// 0...1.
        case unit
    }

    /// The steps in words, in order.
    public internal(set) var steps: [String] = []
    /// What the constants say about the pixels; nil where they say nothing.
    public internal(set) var range: PixelRange?
    /// Why, in words; empty where they say nothing.
    public internal(set) var reason = ""
    /// Whether the channel means are those of blue, green, red in this order.
    public internal(set) var isBlueFirst = false
    /// Which input axis holds the channels, where a convolution or a constant per channel tells.
    public internal(set) var channelAxis: Int?
    /// How many channels the first convolution reads.
    public internal(set) var channelCount: Int?
    /// The height and width to which the graph resizes pictures.
    public internal(set) var resized: [Int]?
    /// The first value that holds floating-point numbers, where the input holds integers.
    package internal(set) var floatValue: ValueID?

    /// Whether the graph normalises by itself.
    public var normalises: Bool { range != nil }

    /// What the graph does and which pixels suit it, in one sentence; nil where it does nothing.
    public var sentence: String? {
        guard let range else { return steps.isEmpty ? nil : "In front of the first convolution, the graph \(words)." }
        let pixels = range == .bytes ? "0...255" : "0...1"
        return "The graph prepares pictures by itself (it \(words)), so pixels are given as \(pixels): \(reason)."
    }

    private var words: String { steps.isEmpty ? "takes integers" : steps.joined(separator: ", ") }
}

extension Graph {
    /// What the nodes behind an input do that work on single pixels or channels, in one chain or in branches.
    package func preprocessing(of input: ValueID) -> GraphPreprocessing {
        let declared = self[input].shape?.dimensions.map { $0 } ?? self[input].declared?.map(\.length)
        guard (declared?.count ?? 4) == 4 else {
            return ChannelPropagation(self, from: input, axes: declared?.count ?? 0, channelAxis: nil, count: 1).result
        }
        // Nothing tells which axis holds the channels but what comes behind.
        var best: (evidence: Int, result: GraphPreprocessing)?
        for axis in [1, 3] {
            var counts = declared?[axis].map { [$0] } ?? Self.usualChannelCounts
            var tried: Set<Int> = []
            while let count = counts.first {
                counts.removeFirst()
                guard (1...Self.mostChannels).contains(count), tried.insert(count).inserted else { continue }
                let propagation = ChannelPropagation(self, from: input, axes: 4, channelAxis: axis, count: count)
                if propagation.evidence > best?.evidence ?? Int.min {
                    best = (propagation.evidence, propagation.result)
                }
                if declared?[axis] == nil, let other = propagation.otherCount { counts.append(other) }
            }
        }
        return best?.result ?? GraphPreprocessing()
    }

    /// Tried where an input does not declare its channels.
    private static let usualChannelCounts = [3, 1, 4]
    /// Longer axes are sides, or no picture.
    private static let mostChannels = 256

    /// What gradients are taken with respect to when an input is explained: itself, or the floating-point numbers
    /// that its integers are converted to; nil where they are not.
    package func explainedValue(of input: ValueID) -> ValueID? {
        self[input].type?.isFloatingPoint == false ? preprocessing(of: input).floatValue : input
    }
}

extension GraphPreprocessing {
    /// Decides what the constants say about the pixels.
    ///
    /// - Parameters:
    ///   - forms: What the channels that the first layer reads are made of.
    ///   - type: The input's type.
    ///   - quantised: The range to which the input is quantised, where it is.
    mutating func decide(_ forms: [ChannelForm], type: ElementType?, quantised: ClosedRange<Double>?) {
        if type?.isFloatingPoint == false {
            range = .bytes
            reason = "the input holds \(type.map { "\($0)" } ?? "integers")"
        }
        // Channels that do not depend on the picture (coordinates, a constant opacity) say nothing about it.
        let read = forms.filter { $0.weights.contains { $0 != 0 } }
        let scales = read.map(\.sum)
        guard !read.isEmpty, scales.allSatisfy({ $0 != 0 && $0.isFinite }), read.allSatisfy({ $0.offset.isFinite })
        else { return }
        if read.contains(where: { !$0.isPlain }) {
            decide(read, scales)
        } else if range == nil, let quantised {
            decide(quantised)
        }
    }

    private mutating func decide(_ forms: [ChannelForm], _ scales: [Double]) {
        // The pixel that becomes 0: the mean that the graph subtracts.
        let centres = zip(forms, scales).map { 0 - $0.offset / $1 }
        let centre = centres.reduce(0, +) / Double(centres.count)
        let factor = scales.map(abs).reduce(0, +) / Double(scales.count)
        isBlueFirst = Self.isBlueFirst(zip(forms, centres).map { ($0.source, $1) })
        guard range == nil else { return }
        let shown = Float((centre * 1000).rounded() / 1000)
        switch (centre, factor) {
        case (2..., _):
            range = .bytes
            reason = "the graph makes the pixel \(shown) zero, which is a mean of 0...255"
        case (0.2..<2, _):
            range = .unit
            reason = "the graph makes the pixel \(shown) zero, which is a mean of 0...1"
        case (-0.05..<0.05, ..<0.1):
            range = .bytes
            reason = "the graph multiplies pixels by \(Float(factor)), which scales down 0...255"
        case (-0.05..<0.05, 100...):
            range = .unit
            reason = "the graph multiplies pixels by \(Float(factor)), which scales up 0...1"
        default: return
        }
    }

    private mutating func decide(_ quantised: ClosedRange<Double>) {
        let (low, high) = (quantised.lowerBound, quantised.upperBound)
        guard abs(low) < 0.02 * high else { return }
        switch high {
        case 0.95...1.05: (range, reason) = (.unit, "the graph quantises pixels from 0 to \(Float(high))")
        case 240...270: (range, reason) = (.bytes, "the graph quantises pixels from 0 to \(Float(high))")
        default: return
        }
    }

    /// Whether the means of the input's three channels are those of blue, green and red: of 0...255 where they grow, of 0...1 where
    /// they are ImageNet's.
    private static func isBlueFirst(_ centres: [(source: Int?, centre: Double)]) -> Bool {
        var means: [Int: Double] = [:]
        for (source, centre) in centres {
            guard let source else { return false }
            means[source] = centre
        }
        guard let first = means[0], let second = means[1], let third = means[2], means.count == 3, first < second,
            second < third
        else { return false }
        if first > 2 { return true }
        return zip([first, second, third], [0.406, 0.456, 0.485]).allSatisfy { abs($0 - $1) < 0.01 }
    }
}
