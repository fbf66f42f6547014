import ONNXFormat

extension Graph {
    /// The graph of a model file: read with its external data, upgraded to `Graph.opset`, imported.
    public init(contentsOf path: String) throws {
        self = try Graph(Upgrades.apply(to: ONNXFile.read(path: path)))
    }
}
