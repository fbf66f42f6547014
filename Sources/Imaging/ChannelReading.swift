/// How a file is read whose channels are not just red, green and blue.
public struct ChannelReading: Sendable, Hashable {
    /// How many channels the model takes: decides which axis of an array and which pages of a file are channels.
    public var count: Int?
    /// Which array of an `.npz` file is the picture; nil where there is only one.
    public var array: String?
    /// Which channels are shown as red, green, blue (or one as grey), counted from 1; empty chooses the first three.
    public var shown: [Int]

    /// A way of reading; the defaults suit photographs.
    public init(count: Int? = nil, array: String? = nil, shown: [Int] = []) {
        self.count = count
        self.array = array
        self.shown = shown
    }
}
