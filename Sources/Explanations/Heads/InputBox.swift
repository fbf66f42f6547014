/// A rectangle in the pixels of a model's input.
package struct InputBox: Sendable, Hashable {
    package var left: Double
    package var top: Double
    package var right: Double
    package var bottom: Double

    package init(left: Double, top: Double, right: Double, bottom: Double) {
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
    }

    private var area: Double { max(right - left, 0) * max(bottom - top, 0) }

    /// Intersection over union, 0...1.
    package func overlap(with other: InputBox) -> Double {
        let width = min(right, other.right) - max(left, other.left)
        let height = min(bottom, other.bottom) - max(top, other.top)
        guard width > 0, height > 0 else { return 0 }
        let shared = width * height
        return shared / (area + other.area - shared)
    }
}

/// How four numbers of a detector say where a box is.
package struct BoxFormat: Sendable, Hashable {
    /// Left, top, right, bottom; else centre, width, height.
    package let isCorners: Bool
    /// Whether they count from 0 to 1 over the input, not in pixels.
    package let isRelative: Bool

    package init(isCorners: Bool, isRelative: Bool) {
        self.isCorners = isCorners
        self.isRelative = isRelative
    }

    /// What fits the numbers of all candidates; nil where they are no boxes, but offsets from anchors that the file does not hold.
    package init?(of boxes: [[Float]], isCorners known: Bool? = nil) {
        let finite = boxes.filter { $0.allSatisfy(\.isFinite) }
        guard !finite.isEmpty else { return nil }
        let large = finite.count { box in box.contains { abs($0) > 4 } }
        isRelative = large * 20 < finite.count
        func most(_ test: ([Float]) -> Bool) -> Bool { finite.count(where: test) * 20 >= finite.count * 19 }
        if known != false, most({ $0[2] > $0[0] && $0[3] > $0[1] }) {
            isCorners = true
        } else if known != true, most({ $0[2] > 0 && $0[3] > 0 }) {
            isCorners = false
        } else {
            return nil
        }
    }

    /// The box in the pixels of an input of this size.
    package func box(_ numbers: [Float], width: Int, height: Int) -> InputBox {
        let scale = isRelative ? [Double(width), Double(height), Double(width), Double(height)] : [1, 1, 1, 1]
        let v = zip(numbers, scale).map { Double($0) * $1 }
        guard isCorners else {
            return InputBox(
                left: v[0] - v[2] / 2, top: v[1] - v[3] / 2, right: v[0] + v[2] / 2, bottom: v[1] + v[3] / 2)
        }
        return InputBox(left: v[0], top: v[1], right: v[2], bottom: v[3])
    }
}
