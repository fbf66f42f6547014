/// How chosen channels are shown as a photograph.
struct ChannelRendering {
    /// The channels, from 0: three, or one for grey.
    private let shown: [Int]

    /// The channels to show of a picture of so many.
    init(_ reading: ChannelReading, of count: Int, name: String) throws(ImagingError) {
        if reading.shown.isEmpty {
            shown = count >= 3 ? [0, 1, 2] : [0]
            return
        }
        guard [1, 3].contains(reading.shown.count), reading.shown.allSatisfy({ (1...count).contains($0) }) else {
            throw .invalidArgument(
                what:
                    "the channels \(reading.shown.map(String.init).joined(separator: ",")) of '\(name)' cannot be shown",
                advice: "choose one or three of its channels 1 to \(count)")
        }
        shown = reading.shown.map { $0 - 1 }
    }

    /// `height * width * 3` bytes: the high byte of integers; numbers without a scale of their own, and pictures that are nearly
    /// black because they use few of their bits, from the 2nd to the 98th percentile of each channel.
    func pixels(of samples: PictureSamples) -> [UInt8] {
        let planes = shown.map { bytes(of: samples, $0) }
        var pixels: [UInt8] = []
        pixels.reserveCapacity(planes[0].count * 3)
        for index in planes[0].indices {
            for channel in 0..<3 { pixels.append(planes[planes.count == 3 ? channel : 0][index]) }
        }
        return pixels
    }

    private func bytes(of samples: PictureSamples, _ channel: Int) -> [UInt8] {
        if samples.meaning != .other {
            if case .bytes(let values) = samples.storage {
                return stride(from: channel, to: values.count, by: samples.channels).map { values[$0] }
            }
            if case .words(let values) = samples.storage, (values.max() ?? 0) >= Self.darkest {
                return stride(from: channel, to: values.count, by: samples.channels).map {
                    UInt8(truncatingIfNeeded: values[$0] >> 8)
                }
            }
        }
        return Self.stretched(samples.plane(channel))
    }

    /// A quarter of 16 bits: what stays below is shown stretched.
    private static let darkest: UInt16 = 1 << 14
    /// Percentiles are taken of at most so many pixels.
    private static let sampleCount = 1 << 18

    /// From the 2nd to the 98th percentile as 0...255.
    private static func stretched(_ plane: [Float]) -> [UInt8] {
        let step = max(1, plane.count / sampleCount)
        let sorted = stride(from: 0, to: plane.count, by: step).map { plane[$0] }.sorted()
        func percentile(_ part: Double) -> Float {
            let place = part * Double(sorted.count - 1)
            let lower = Int(place)
            let upper = min(lower + 1, sorted.count - 1)
            return sorted[lower] + (sorted[upper] - sorted[lower]) * Float(place - Double(lower))
        }
        var (low, high) = (percentile(0.02), percentile(0.98))
        // A small object on a plain ground lies beyond both.
        if low == high { (low, high) = (sorted[0], sorted[sorted.count - 1]) }
        guard high > low else { return [UInt8](repeating: 0, count: plane.count) }
        return plane.map { UInt8((min(max(($0 - low) / (high - low), 0), 1) * 255).rounded()) }
    }
}
