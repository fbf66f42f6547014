package import Graphs
package import Runtime
package import Tensors

/// Whether the cells of a layer react to the places of the picture that its layout says: measured on the running model.
///
/// Each probe inverts the pixels around the centre of one cell and looks which cell changes most, by the Euclidean norm over its
/// channels. A layout that permutes cells fails at once. The answer may come from a cell beside it, or as far away as half of what a
/// cell sees (kernels need not be strongest in their middle), but no farther than a quarter of the map.
public struct LayoutCheck: Sendable, Hashable, Codable {
    /// One place that was changed.
    public struct Probe: Sendable, Hashable, Codable {
        /// The cell whose pixels were changed: row and column.
        public let changed: [Int]
        /// The cell that answered most: row and column; empty where none changed.
        public let answered: [Int]
        /// How many cells apart they may be: down and along.
        public let reach: [Int]

        /// Whether the answer came from the place or near it.
        public var agrees: Bool {
            answered.count == 2 && (0..<2).allSatisfy { abs(changed[$0] - answered[$0]) <= reach[$0] }
        }
    }

    /// The probes.
    public let probes: [Probe]

    /// The part of the probes that agree, 0...1.
    public var agreement: Double {
        probes.isEmpty ? 0 : Double(probes.count(where: \.agrees)) / Double(probes.count)
    }

    /// Probes a layer of a specialised graph; runs the part of the model in front of the layer once a cell.
    ///
    /// - Parameters:
    ///   - layer: A layer with a layout.
    ///   - graph: The graph that the layer belongs to.
    ///   - inputs: What to run it on; the first sample is probed.
    ///   - picture: The input whose pixels are changed.
    ///   - engine: What runs it.
    ///   - cells: How many cells at most.
    package init(
        of layer: Layer, in graph: Graph, inputs: [String: AnyTensor], picture: ValueID, engine: any Engine,
        cells: Int = 5
    ) throws {
        let name = graph[picture].name
        guard let layout = layer.layout, let tensor = inputs[name], let axes = graph.pictureAxes(of: picture),
            layout.lengths.count == 2, layout.batch == axes.batch
        else {
            throw ExplanationError.unsuitable(
                method: "The check of a layout",
                reason: "the layer '\(layer.name)' is no map over a picture, or '\(name)' is no picture")
        }
        var tapped = graph
        let map = tapped.appendMap(of: layer.value, layout)
        tapped.outputs = [Graph.Output(name: tapped[map].name, value: map)]
        let part = tapped.eliminatingDeadNodes(keepingInputs: false)
        let program = try engine.load(part)
        let output = part.outputs.map(\.name)
        let needed = Set(part.inputs.map { part[$0].name })
        guard needed.contains(name) else {
            throw ExplanationError.noInfluence(target: layer.name, value: name)
        }
        func run(_ picture: AnyTensor) throws -> [Float] {
            var feed = inputs.filter { needed.contains($0.key) }
            feed[name] = picture
            return try program.run(feed, outputs: output)[0].floats
        }
        let fields = graph.receptiveFields(from: picture)[layer.value]
        let reach = [layout.height, layout.width].enumerated().map { axis, cells in
            guard let field = fields?[axis] else { return 1 }
            return max(1, min(field.size / (2 * max(field.stride, 1)), cells / 4))
        }
        let clean = try run(tensor)
        probes = try Self.cells(of: layout, over: axes, count: cells).map { cell in
            let changed = try run(Self.inverted(tensor, axes, at: cell, layout.placement))
            return Probe(changed: cell, answered: Self.mostChanged(clean, changed, layout), reach: reach)
        }
    }

    /// Cells all over the map whose centres lie inside the picture.
    private static func cells(of layout: MapLayout, over axes: PictureAxes, count: Int) -> [[Int]] {
        let fractions: [(Double, Double)] = [(0.5, 0.5), (0.25, 0.25), (0.75, 0.75), (0.25, 0.75), (0.75, 0.25)]
        var cells: [[Int]] = []
        for (down, along) in fractions {
            let cell = [Int(Double(layout.height) * down), Int(Double(layout.width) * along)]
            let row = layout.placement.rows.centre + Double(cell[0]) * layout.placement.rows.stride
            let column = layout.placement.columns.centre + Double(cell[1]) * layout.placement.columns.stride
            guard cells.count < count, !cells.contains(cell), (0..<Double(axes.height)).contains(row),
                (0..<Double(axes.width)).contains(column)
            else { continue }
            cells.append(cell)
        }
        return cells
    }

    /// The picture with the pixels of one cell moved to the far end of the picture's range, in its first sample.
    private static func inverted(
        _ tensor: AnyTensor, _ axes: PictureAxes, at cell: [Int], _ placement: MapPlacement
    ) throws -> AnyTensor {
        var pixels = tensor.floatTensor
        let (low, high) = (pixels.elements.min() ?? 0, pixels.elements.max() ?? 0)
        func range(_ axis: MapPlacement.Axis, _ cell: Int, _ length: Int) -> Range<Int> {
            let centre = axis.centre + Double(cell) * axis.stride
            let start = min(max(Int((centre - axis.stride / 2).rounded()), 0), length - 1)
            let end = min(max(Int((centre + axis.stride / 2).rounded()), start + 1), length)
            return start..<end
        }
        let rows = range(placement.rows, cell[0], axes.height)
        let columns = range(placement.columns, cell[1], axes.width)
        let strides = tensor.shape.strides
        pixels.mutateElements { elements in
            for channel in 0..<tensor.shape[axes.channelAxis] {
                for row in rows {
                    for column in columns {
                        let index =
                            channel * strides[axes.channelAxis] + row * strides[axes.rowAxis] + column
                            * strides[axes.columnAxis]
                        elements[index] =
                            low == high ? low + 1 : elements[index] - low < high - elements[index] ? high : low
                    }
                }
            }
        }
        return AnyTensor(pixels).converted(to: tensor.elementType)
    }

    private static func mostChanged(_ clean: [Float], _ changed: [Float], _ layout: MapLayout) -> [Int] {
        let count = layout.height * layout.width
        guard clean.count == changed.count, clean.count >= layout.channels * count else { return [] }
        var change = [Float](repeating: 0, count: count)
        for channel in 0..<layout.channels {
            for cell in 0..<count {
                let difference = changed[channel * count + cell] - clean[channel * count + cell]
                change[cell] += difference * difference
            }
        }
        guard let most = change.indices.max(by: { change[$0] < change[$1] }), change[most] > 0 else { return [] }
        return [most / layout.width, most % layout.width]
    }
}
