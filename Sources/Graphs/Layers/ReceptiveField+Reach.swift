package import Tensors

extension Graph {
    /// The rows and columns of a picture input that the elements of a value depend on; nil where some are not known.
    ///
    /// Along windows (convolutions, poolings) cells see what their receptive fields say; everything else sees at most what its
    /// operands see. A picture with its channels last counts as seen whole.
    package func reach(of value: ValueID, from input: ValueID) -> MapReach? {
        guard let picture = shape(of: input), picture.rank == 4 else { return nil }
        let fields = receptiveFields(from: input)
        func seen(_ axis: Int, _ value: ValueID) -> [Bool]? {
            guard let field = fields[value]?[axis], let cells = shape(of: value)?.dimensions[2 + axis] else {
                return nil
            }
            return field.pixels(of: picture[2 + axis], cells: cells)
        }
        let whole = MapReach(
            rows: [Bool](repeating: true, count: picture[2]), columns: [Bool](repeating: true, count: picture[3]))
        var known: [ValueID: MapReach] = [input: whole]
        for node in nodes {
            let operands = node.operands.compactMap { known[$0] }
            guard var reach = operands.first else { continue }
            for other in operands.dropFirst() { reach.formUnion(other) }
            for output in node.outputs.compactMap(\.self) {
                if let rows = seen(0, output), let columns = seen(1, output) {
                    known[output] = MapReach(rows: rows, columns: columns)
                } else {
                    known[output] = reach
                }
                if output == value { return known[output] }
            }
        }
        return known[value]
    }
}

extension ReceptiveField {
    /// Whether one of so many cells sees each pixel of an axis.
    fileprivate func pixels(of length: Int, cells: Int) -> [Bool] {
        var seen = [Bool](repeating: false, count: length)
        for cell in 0..<cells {
            let centre = centre + Double(cell * stride)
            let first = max(Int((centre - Double(size) / 2).rounded()), 0)
            let end = min(Int((centre + Double(size) / 2).rounded()), length)
            for pixel in first..<max(end, first) { seen[pixel] = true }
        }
        return seen
    }
}

extension MapReach {
    fileprivate mutating func formUnion(_ other: MapReach) {
        for index in rows.indices where other.rows[index] { rows[index] = true }
        for index in columns.indices where other.columns[index] { columns[index] = true }
    }
}
