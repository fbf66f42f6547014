import Gaze
import ONNXFormat
import TestSupport
import Testing

/// Cells are drawn where they look: convolutions without padding look at the middle of the picture only.
@Suite struct PlacementTests {
    /// One convolution of 17x17 without padding, stride 8, on 64x64: six cells a side, centred at 8.5, 16.5, … 48.5.
    private func write(into folder: String) throws -> String {
        var graph = Graph()
        let x = graph.addInput("image", type: .float32, dimensions: [.fixed(1), .fixed(3), .fixed(64), .fixed(64)])
        let fall = (0..<17).map { 9 - abs(Float($0) - 8) }
        let plane = fall.flatMap { row in fall.map { row * $0 } }
        let weight = graph.addConstant(
            AnyTensor(try Tensor(shape: [1, 3, 17, 17], elements: plane + plane + plane)), name: "weight")
        let map = graph.append("Conv", [x, weight], attributes: ["strides": .integers([8, 8])], name: "map")[0]
        let pooled = graph.append("GlobalAveragePool", [map], name: "pooled")[0]
        let flat = graph.append("Flatten", [pooled], name: "flat")[0]
        let head = graph.addConstant(AnyTensor(try Tensor<Float>(shape: [1, 2], elements: [1, -1])), name: "head")
        let logits = graph.append("MatMul", [flat, head], name: "logits")[0]
        graph.outputs = [Graph.Output(name: "logits", value: logits)]
        let path = folder + "/model.onnx"
        try ONNXFile.write(graph.model(), to: path)
        try Sidecar(
            preprocessing: Preprocessing(resize: .squash(width: 64, height: 64)), labels: .names(["bright", "dark"])
        ).write(forModel: path)
        return path
    }

    @Test(arguments: [(8, 8), (16, 40), (48, 48), (48, 8)])
    func aBrightSpotIsDrawnOverItself(row: Int, column: Int) throws {
        var picture = Picture(width: 64, height: 64)
        picture.mutatePixels { pixels in
            for y in row - 1...row + 1 {
                for x in column - 1...column + 1 { for c in 0..<3 { pixels[(y * 64 + x) * 3 + c] = 255 } }
            }
        }
        try TemporaryFolder.with { folder in
            let explanation = try Explainer(model: try write(into: folder)).explain(picture)[0]
            #expect(explanation.map.shape == [6, 6])
            let drawn = try explanation.geometry.project(explanation.map, placement: explanation.placement)
            let peak = try #require(drawn.indexOfMaximum)
            // The last windows end at 48.5 + 8.5; behind them no cell looks.
            #expect(explanation.reach?.rows == (0..<64).map { $0 < 57 } && explanation.reach?.columns.count == 64)
            let result = try explanation.drawn()
            let region = try #require(result.hottest)
            #expect(region.peak == PicturePoint(x: Double(column) + 0.5, y: Double(row) + 0.5))
            #expect(region.box.right <= 57 && region.box.bottom <= 57)
            let cells = explanation.geometry.cells(of: explanation.map, placement: explanation.placement)
            #expect(cells.columns == CellGrid.Axis(centre: 8.5, step: 8, count: 6) && cells.rows == cells.columns)
            // The spot stands at a cell's centre; beyond the outer cells the border repeats, so the first of equals may lie outside.
            #expect(drawn[row, column] == drawn.elements[peak])
            for (y, x) in [(row + 8, column), (row - 8, column), (row, column + 8), (row, column - 8)]
            where (8..<49).contains(y) && (8..<49).contains(x) {
                #expect(drawn[y, x] < drawn[row, column] * 0.6)
            }
            let stretched = try explanation.geometry.project(explanation.map)
            if row == 48 { #expect(stretched[row, column] < 0.99 * drawn[row, column], "even tiling is off") }
        }
    }
}
