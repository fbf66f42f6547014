package import Explanations
package import Tensors

/// A picture that becomes another one, some pixels at a time.
package struct PixelReplacement: Sendable {
    package let planes: PicturePlanes
    /// What it is in the beginning.
    package let start: Tensor<Float>
    /// Where replaced pixels come from.
    package let end: Tensor<Float>

    package init(from start: Tensor<Float>, to end: Tensor<Float>, planes: PicturePlanes) {
        self.start = start
        self.end = end
        self.planes = planes
    }

    /// The scores after so many pixels, or regions of pixels, are replaced in the order of a ranking.
    ///
    /// - Parameters:
    ///   - counts: In rising order.
    ///   - regions: The pixels of every region; without them pixels are ranked.
    package func curve(
        of experiment: Experiment, along ranking: Ranking, at counts: [Int], regions: [[Int]]? = nil
    ) throws -> [Double] {
        try ranking.curve(at: counts) { counts in
            var (current, done) = (start, 0)
            return try experiment.scores(counts.count) { index in
                let next = ranking.order[done..<counts[index]]
                replace(regions.map { regions in next.flatMap { regions[$0] }[...] } ?? next, in: &current)
                done = counts[index]
                return current
            }
        }
    }

    /// The picture in which only these pixels are replaced.
    package func replacing(_ places: ArraySlice<Int>) -> Tensor<Float> {
        var result = start
        replace(places, in: &result)
        return result
    }

    /// Takes pixels, numbered row by row, from the other picture.
    package func replace(_ places: ArraySlice<Int>, in picture: inout Tensor<Float>) {
        let source = end.elements
        picture.mutateElements { elements in
            for place in places {
                let (row, column) = (place / planes.width, place % planes.width)
                for channel in 0..<planes.channels {
                    let offset = planes.offset(channel: channel, row: row, column: column)
                    elements[offset] = source[offset]
                }
            }
        }
    }
}

/// A curve over equal steps.
package enum StepCurve {
    /// The area under a curve over [0, 1] by the trapezoidal rule; the value itself where there is only one.
    package static func area(_ values: [Double]) -> Double {
        guard let first = values.first, let last = values.last, values.count > 1 else { return values.first ?? 0 }
        return (values.reduce(0, +) - (first + last) / 2) / Double(values.count - 1)
    }

    /// From 0 to all, in so many steps of one length as nearly as whole numbers allow.
    package static func counts(of total: Int, steps: Int) -> [Int] {
        let steps = max(min(steps, total), 1)
        return (0...steps).map { $0 * total / steps }
    }
}
