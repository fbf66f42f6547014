import Tensors

/// The place in the input that every element of a value stands for: sample, row and column, each NaN where there is none.
struct ElementPositions: Sendable, Hashable {
    let sample: ElementField
    let row: ElementField
    let column: ElementField
}

extension MapLayout {
    /// The layout of a value of this shape; nil where its elements form no regular grid of more than one cell.
    init?(_ positions: ElementPositions, shape: [Int], over picture: PictureAxes) {
        guard !shape.isEmpty, shape.allSatisfy({ $0 > 0 }), positions.row.rank == shape.count else { return nil }
        if let axes = GridAxes(positions, shape: shape, batch: picture.batch) {
            self.init(axes, shape: shape, over: picture)
        } else {
            self.init(scattered: positions, shape: shape, over: picture)
        }
    }

    /// Rows along one axis and columns along another, as in `[B, C, H, W]` and `[B, H, W, C]`.
    private init?(_ axes: GridAxes, shape: [Int], over picture: PictureAxes) {
        guard let placement = MapPlacement(rows: axes.rowCentres, columns: axes.columnCentres, over: picture) else {
            return nil
        }
        let permutation = [axes.sample, axes.channel, axes.row, axes.column]
        self.init(
            batch: picture.batch, channels: shape[axes.channel], height: shape[axes.row], width: shape[axes.column],
            placement: placement, tokensWithoutPlace: 0,
            steps: permutation == [0, 1, 2, 3] ? [] : [.transpose(permutation)])
    }

    /// Any other order: tokens, windows, several places in one axis.
    private init?(scattered positions: ElementPositions, shape: [Int], over picture: PictureAxes) {
        let placed = Set(positions.row.axes + positions.column.axes)
        let sampleAxes = positions.sample.axes
        // A sample axis of its own stays one; windows share theirs with the samples.
        let alone = sampleAxes.isEmpty && picture.batch == 1 && shape[0] == 1 ? [0] : sampleAxes
        let separate = alone.count == 1 && !placed.contains(alone[0]) ? alone.first : nil
        let axes = placed.union(sampleAxes).subtracting(separate.map { [$0] } ?? []).sorted()
        guard !placed.isEmpty, separate == nil || positions.sample.numbers == (0..<picture.batch).map({ Double($0) }),
            let cells = CellOrder(positions, axes: axes, shape: shape, separate: separate, over: picture)
        else { return nil }
        let front = (separate.map { [$0] } ?? []) + axes
        let channelAxes = shape.indices.filter { !front.contains($0) }
        let channels = channelAxes.map { shape[$0] }.reduce(1, *)
        let count = axes.map { shape[$0] }.reduce(1, *)
        let samples = separate.map { shape[$0] } ?? 1
        let batch = picture.batch
        guard samples * cells.indices.count == batch * cells.height * cells.width * cells.multiplicity else {
            return nil
        }
        var steps: [Step] = []
        let permutation = front + channelAxes
        if permutation != Array(shape.indices) { steps.append(.transpose(permutation)) }
        let flat = [samples, count, channels]
        if permutation.map({ shape[$0] }) != flat { steps.append(.reshape(flat)) }
        if let first = cells.indices.first, cells.indices == Array(first..<first + cells.indices.count) {
            if cells.indices.count != count { steps.append(.slice(axis: 1, first..<first + cells.indices.count)) }
        } else {
            steps.append(.gather(axis: 1, cells.indices))
        }
        let all = channels * cells.multiplicity
        let gathered = [batch, cells.height * cells.width, all]
        if gathered != [samples, cells.indices.count, channels] { steps.append(.reshape(gathered)) }
        steps += [.transpose([0, 2, 1]), .reshape([batch, all, cells.height, cells.width])]
        self.init(
            batch: batch, channels: all, height: cells.height, width: cells.width, placement: cells.placement,
            tokensWithoutPlace: (count - cells.indices.count) / (separate == nil ? batch : 1), steps: steps)
    }
}

/// The axes of a value of rank 4 whose rows, columns, channels and samples have an axis each.
private struct GridAxes {
    let sample: Int
    let channel: Int
    let row: Int
    let column: Int
    let rowCentres: [Double]
    let columnCentres: [Double]

    init?(_ positions: ElementPositions, shape: [Int], batch: Int) {
        guard shape.count == 4, positions.row.axes.count <= 1, positions.column.axes.count <= 1,
            positions.sample.axes.count <= 1, !positions.row.axes.isEmpty || !positions.column.axes.isEmpty
        else { return nil }
        var free = Set(shape.indices)
        func take(_ axis: Int?) -> Int? { axis.flatMap { free.remove($0) } }
        // An axis of one row or column cannot be told from the field; it stands beside the other one.
        let row = take(positions.row.axes.first)
        let column = take(positions.column.axes.first)
        let sample = take(positions.sample.axes.first)
        guard (positions.row.axes.first == nil) == (row == nil),
            (positions.column.axes.first == nil) == (column == nil),
            (positions.sample.axes.first == nil) == (sample == nil)
        else { return nil }
        func single(_ preferred: [Int]) -> Int? {
            preferred.first { free.contains($0) && shape[$0] == 1 }.flatMap { free.remove($0) }
        }
        guard let sampleAxis = sample ?? single([0, 1, 2, 3]),
            let rowAxis = row ?? single([(column ?? 0) - 1, (column ?? 0) + 1, 1, 2, 3]),
            let columnAxis = column ?? single([rowAxis + 1, rowAxis - 1, 1, 2, 3]),
            let channelAxis = free.first, sampleAxis < shape.count, shape[sampleAxis] == batch
        else { return nil }
        if sample != nil, positions.sample.numbers != (0..<batch).map({ Double($0) }) { return nil }
        (self.sample, channel, self.row, self.column) = (sampleAxis, channelAxis, rowAxis, columnAxis)
        rowCentres = positions.row.numbers
        columnCentres = positions.column.numbers
        let ascending = { (centres: [Double]) in zip(centres, centres.dropFirst()).allSatisfy { $0 < $1 } }
        guard ascending(rowCentres), ascending(columnCentres) else { return nil }
    }
}

/// Elements along some axes of a value in the order of the cells that they belong to.
private struct CellOrder {
    let height: Int
    let width: Int
    /// How many of these elements one cell has; they count as channels.
    let multiplicity: Int
    /// Sample by sample unless those have an axis of their own, row by row, cell by cell.
    let indices: [Int]
    let placement: MapPlacement

    init?(_ positions: ElementPositions, axes: [Int], shape: [Int], separate: Int?, over picture: PictureAxes) {
        func numbers(_ field: ElementField) -> [Double] {
            var field = field
            if let separate { field = field.selecting([0], along: separate) }
            return field.stored(along: axes, of: shape).numbers
        }
        let (rows, columns) = (numbers(positions.row), numbers(positions.column))
        let samples = separate == nil ? numbers(positions.sample) : rows.map { _ in 0 }
        // A picture of one row of cells: every place along the other axis was merged.
        let rowsAreMerged = positions.row.shared?.isNaN == true
        let columnsAreMerged = positions.column.shared?.isNaN == true
        let placed = rows.indices.filter {
            !samples[$0].isNaN && (rowsAreMerged || !rows[$0].isNaN) && (columnsAreMerged || !columns[$0].isNaN)
        }
        guard !placed.isEmpty else { return nil }
        let (rowOf, rowCentres) = Self.ranked(placed.map { rowsAreMerged ? Double(picture.height) / 2 : rows[$0] })
        let (columnOf, columnCentres) = Self.ranked(
            placed.map { columnsAreMerged ? Double(picture.width) / 2 : columns[$0] })
        let count = separate == nil ? picture.batch : 1
        let cells = count.multipliedReportingOverflow(by: rowCentres.count * columnCentres.count)
        guard !cells.overflow, cells.partialValue > 1, placed.count % cells.partialValue == 0,
            let placement = MapPlacement(rows: rowCentres, columns: columnCentres, over: picture)
        else { return nil }
        let multiplicity = placed.count / cells.partialValue
        var filled = [Int](repeating: 0, count: cells.partialValue)
        var indices = [Int](repeating: 0, count: placed.count)
        for (position, element) in placed.enumerated() {
            guard let sample = Int(exactly: samples[element]), (0..<count).contains(sample) else { return nil }
            let cell = (sample * rowCentres.count + rowOf[position]) * columnCentres.count + columnOf[position]
            guard filled[cell] < multiplicity else { return nil }
            indices[cell * multiplicity + filled[cell]] = element
            filled[cell] += 1
        }
        (height, width) = (rowCentres.count, columnCentres.count)
        self.multiplicity = multiplicity
        self.indices = indices
        self.placement = placement
    }

    /// The rank of each number among the distinct ones, which follow in rising order.
    private static func ranked(_ numbers: [Double]) -> (ranks: [Int], distinct: [Double]) {
        // Numbers differ by fractions of a pixel at least, or by rounding.
        let keys = numbers.map { Int(($0 * 4096).rounded()) }
        let distinct = Set(keys).sorted()
        var rank: [Int: Int] = [:]
        for (index, key) in distinct.enumerated() { rank[key] = index }
        return (keys.map { rank[$0] ?? 0 }, distinct.map { Double($0) / 4096 })
    }
}

extension MapPlacement {
    /// The regular grid of these centres; nil where they are not regular.
    fileprivate init?(rows: [Double], columns: [Double], over picture: PictureAxes) {
        guard let rows = Axis(rows, over: picture.height), let columns = Axis(columns, over: picture.width) else {
            return nil
        }
        self.init(rows: rows, columns: columns)
    }
}

extension MapPlacement.Axis {
    /// The regular axis nearest to these centres; nil where one of them is half a cell or more beside it.
    fileprivate init?(_ centres: [Double], over length: Int) {
        guard let first = centres.first, let last = centres.last else { return nil }
        guard centres.count > 1 else {
            self.init(centre: first.isNaN ? Double(length) / 2 : first, stride: Double(length))
            return
        }
        let stride = (last - first) / Double(centres.count - 1)
        guard stride > 0, centres.enumerated().allSatisfy({ abs(first + Double($0) * stride - $1) < stride / 2 }) else {
            return nil
        }
        self.init(centre: first, stride: stride)
    }
}
