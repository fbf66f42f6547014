/// The part of the input that the cells of a map look at, pixel by pixel along both axes.
///
/// A convolution without padding may end before the input does, and a stride wider than its window leaves gaps: nothing there
/// changes the map.
public struct MapReach: Sendable, Hashable {
    /// Whether some cell looks at a row of the input.
    public var rows: [Bool]
    /// Whether some cell looks at a column of the input.
    public var columns: [Bool]

    /// A reach over these rows and columns.
    public init(rows: [Bool], columns: [Bool]) {
        self.rows = rows
        self.columns = columns
    }

    /// Whether all of the input is looked at.
    public var isWhole: Bool { rows.allSatisfy(\.self) && columns.allSatisfy(\.self) }
}
