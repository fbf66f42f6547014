/// Which classes are explained.
public enum ClassSelection: Sendable, Hashable {
    /// The classes of the highest scores.
    case top(Int)
    /// A class by index or name.
    case named(String)

    /// Reads `top3`, an index, or a name.
    public init(_ text: String) {
        if text.hasPrefix("top"), let count = Int(text.dropFirst(3)), count > 0 {
            self = .top(count)
        } else {
            self = .named(text)
        }
    }
}
