/// Names one value (tensor) of one `Graph`; stays valid in every graph that extends it.
public struct ValueID: Hashable, Comparable, Sendable {
    /// The position in `Graph.values`.
    package let index: Int

    package init(index: Int) {
        self.index = index
    }

    /// Earlier values come first.
    public static func < (left: ValueID, right: ValueID) -> Bool { left.index < right.index }
}
