import Explanations
import Tensors

/// What a map shows of the annotated picture: never negative, 0 where the model saw nothing.
struct EvidencePlane {
    let width: Int
    let height: Int
    /// Row by row, finite.
    let values: [Float]
    /// The largest value; 0 where the map shows nothing.
    let maximum: Float
    let truth: GroundTruth

    /// The evidence of a map over its annotated picture.
    init(of subject: EvaluationSubject, for metric: String) throws(EvaluationError) {
        guard let truth = subject.truth else {
            throw .undefined(measure: metric, reason: "nothing is known about where the object is")
        }
        let dimensions = truth.map.shape.dimensions
        guard dimensions.count == 2, truth.map.shape.count > 0 else {
            throw .undefined(
                measure: metric, reason: "the map over the picture has shape \(truth.map.shape), not [height, width]")
        }
        (height, width) = (dimensions[0], dimensions[1])
        self.truth = truth
        var values = subject.display.evidence(in: truth.map).elements
        for place in values.indices where !values[place].isFinite { values[place] = 0 }
        self.values = values
        maximum = values.max() ?? 0
    }

    /// From 0 for the smallest to 1 for the largest value; a map that does not vary is 1 everywhere, or 0 where it shows nothing.
    var normalised: [Float] {
        let low = values.min() ?? 0
        guard maximum > low else { return values.map { $0 > 0 ? 1 : 0 } }
        return values.map { ($0 - low) / (maximum - low) }
    }

    /// The columns and rows of the pixels whose centres lie in a box; of a box between them, those of the box's own centre.
    func pixels(in box: Box) -> (columns: Range<Int>, rows: Range<Int>) {
        (Self.places(box.left, box.right, width), Self.places(box.top, box.bottom, height))
    }

    private static func places(_ low: Double, _ high: Double, _ count: Int) -> Range<Int> {
        func first(_ edge: Double) -> Int {
            edge.isNaN ? 0 : Int(min(max((edge - 0.5).rounded(.up), 0), Double(count)))
        }
        let (start, end) = (first(low), first(high))
        let middle = ((low + high) / 2).rounded(.down)
        // Thin boxes would otherwise be missed by every map.
        guard start >= end, low < high, (0..<Double(count)).contains(middle) else { return start..<max(start, end) }
        return Int(middle)..<Int(middle) + 1
    }
}

/// Where the object is.
enum ObjectRegion: String, CaseIterable, Sendable {
    /// In the annotated boxes.
    case box
    /// On the mask's pixels.
    case mask

    /// What the annotation has to hold.
    var needs: Set<MeasureDescription.Need> { self == .box ? [.box] : [.mask] }

    static let parameter = MethodParameter.choice(
        "of", ObjectRegion.box, "where the object is: in its boxes, or on the pixels of its mask")

    /// A pixel's place.
    enum Place: UInt8 {
        case beside, inside, undecided
    }

    /// Each pixel's place, row by row.
    func places(in plane: EvidencePlane, for metric: String) throws(EvaluationError) -> [Place] {
        switch self {
        case .box:
            guard !plane.truth.boxes.isEmpty else {
                throw .undefined(measure: metric, reason: "there is no box around the object")
            }
            var places = [Place](repeating: .beside, count: plane.values.count)
            for box in plane.truth.boxes {
                let (columns, rows) = plane.pixels(in: box)
                for row in rows {
                    for column in columns { places[row * plane.width + column] = .inside }
                }
            }
            return places
        case .mask:
            guard let mask = plane.truth.mask else {
                throw .undefined(measure: metric, reason: "there is no mask of the object")
            }
            guard mask.shape == [plane.height, plane.width] else {
                throw .undefined(
                    measure: metric,
                    reason: "the mask has shape \(mask.shape), the map [\(plane.height), \(plane.width)]")
            }
            return mask.elements.map { $0.isNaN ? .undecided : $0 > 0 ? .inside : .beside }
        }
    }
}
