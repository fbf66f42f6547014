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

    /// The scores before the first step and after each of them; a step replaces its pixels, and they stay replaced.
    package func scores(of experiment: Experiment, steps: [ArraySlice<Int>]) throws -> [Double] {
        var current = start
        return try experiment.scores(steps.count + 1) { index in
            if index > 0 { replace(steps[index - 1], in: &current) }
            return current
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

    /// So many pieces of an order, of one length as nearly as whole numbers allow.
    package static func pieces(of order: [Int], count: Int) -> [ArraySlice<Int>] {
        let count = max(min(count, order.count), 1)
        return (0..<count).map { order[$0 * order.count / count..<($0 + 1) * order.count / count] }
    }
}
