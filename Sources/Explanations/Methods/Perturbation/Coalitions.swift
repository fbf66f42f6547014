import Tensors

/// A picture as a game of its segments: the score where only some of them are seen.
struct Coalitions: Sendable {
    let segments: Segments
    private let picture: HidingPicture
    private let members: [[Int]]

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
    }

    /// The picture in which only these segments are seen.
    func input(seeing seen: [Bool]) -> Tensor<Float> {
        picture.hiding(zip(members, seen).flatMap { members, isSeen in isSeen ? [] : members })
    }
}
