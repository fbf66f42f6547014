/// Where the cells of a map lie in a photograph, in its pixels from the outer edge of the first one.
///
/// Cell (row, column) is centred at (columns.centre + column * columns.step, rows.centre + row * rows.step), and is drawn over half a step
/// to each side. Cells may lie outside of the photograph: a letterbox's borders are looked at, too.
public struct CellGrid: Sendable, Hashable, Codable {
    /// One axis.
    public struct Axis: Sendable, Hashable, Codable {
        /// The centre of the first cell.
        public var centre: Double
        /// The distance between the centres of neighbouring cells.
        public var step: Double
        /// How many cells there are.
        public var count: Int

        /// An axis of so many cells.
        public init(centre: Double, step: Double, count: Int) {
            self.centre = centre
            self.step = step
            self.count = count
        }

        fileprivate func centre(nearest position: Double) -> Double {
            let cell = ((position - centre) / step).rounded()
            return centre + step * min(max(cell.isFinite ? cell : 0, 0), Double(max(count - 1, 0)))
        }
    }

    /// From left to right.
    public var columns: Axis
    /// From top to bottom.
    public var rows: Axis

    /// A grid of these axes.
    public init(columns: Axis, rows: Axis) {
        self.columns = columns
        self.rows = rows
    }

    /// The area over which a cell is drawn.
    public func box(row: Int, column: Int) -> PictureBox {
        let (x, y) = (columns.centre + Double(column) * columns.step, rows.centre + Double(row) * rows.step)
        return PictureBox(
            left: x - columns.step / 2, top: y - rows.step / 2, right: x + columns.step / 2, bottom: y + rows.step / 2)
    }

    /// The centre of the cell that lies nearest to a point.
    public func centre(nearest point: PicturePoint) -> PicturePoint {
        PicturePoint(x: columns.centre(nearest: point.x), y: rows.centre(nearest: point.y))
    }
}
