public import Imaging

/// Which of a detector's candidates is explained.
public enum BoxSelection: Sendable, Hashable {
    /// The candidate at this position of the output.
    case candidate(Int)
    /// The candidate that overlaps this box of the photograph best.
    case box(PictureBox)

    /// Reads `INDEX` or `x0,y0,x1,y1`; nil where it is neither.
    public init?(_ text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map {
            Double($0.filter { !$0.isWhitespace })
        }
        if parts.count == 1, let index = Int(text), index >= 0 {
            self = .candidate(index)
            return
        }
        let numbers = parts.compactMap { $0 }.filter(\.isFinite)
        guard parts.count == 4, numbers.count == 4, numbers[2] > numbers[0], numbers[3] > numbers[1] else { return nil }
        self = .box(PictureBox(left: numbers[0], top: numbers[1], right: numbers[2], bottom: numbers[3]))
    }
}
