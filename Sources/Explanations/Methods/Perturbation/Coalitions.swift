import Tensors

/// A picture as a game of its segments: the score where only some of them are seen.
struct Coalitions: Sendable {
    let segments: Segments
    private let picture: HidingPicture
    private let members: [[Int]]
    private let method: String

    /// The least squares of so many segments still fit into memory.
    private static let largest = 4096

    init(_ experiment: Experiment, source: SegmentSource, hidden: HiddenPixels) throws {
        picture = try hidden.picture(of: experiment)
        segments = try source.segments(of: experiment)
        guard segments.count <= Self.largest else {
            throw ExplanationError.unsuitable(
                method: experiment.label,
                reason: "\(segments.count) segments are more than \(Self.largest); give larger ones")
        }
        members = segments.members
        method = experiment.label
    }

    /// Fails where so many coalitions are more than memory should hold.
    func check(samples: Int) throws {
        guard samples * segments.count <= 200_000_000 else {
            throw ExplanationError.parameter(
                method: method, name: "samples",
                reason:
                    "\(samples) coalitions of \(segments.count) segments do not fit into memory; give fewer of either")
        }
    }

    /// The picture in which only these segments are seen.
    func input(seeing seen: [Bool]) -> Tensor<Float> {
        picture.hiding(zip(members, seen).flatMap { members, isSeen in isSeen ? [] : members })
    }
}
