package import Graphs
package import Tensors

extension Attributor {
    /// Which axes of a picture input are which, for inputs of these shapes; nil where it is no picture.
    package func pictureAxes(of input: String, in inputs: [String: AnyTensor]) -> PictureAxes? {
        guard let shape = inputs[input]?.shape else { return nil }
        let graph = (try? specialisedGraph(for: inputs.mapValues(\.shape))) ?? model.graph
        return PictureAxes(shape, channelAxis: graph.value(named: input).flatMap { graph.channelAxis(of: $0) })
    }

    /// The channels, rows and columns of an input that is one picture; nil where it is none, or several.
    package func planes(of input: String, in inputs: [String: AnyTensor]) -> PicturePlanes? {
        guard let shape = inputs[input]?.shape else { return nil }
        return PicturePlanes(shape, channelAxis: pictureAxes(of: input, in: inputs)?.channelAxis)
    }

    /// The input that a query without one explains: the first that its named layer depends on, else the first.
    func explained(by query: Query) -> String? {
        // What is wrong with the inputs or the layer is said where they are used.
        guard query.explained == nil, let layer = query.layer, model.inputs.count > 1,
            let graph = try? specialisedGraph(for: query.inputs.mapValues(\.shape)),
            let value = try? graph.layer(named: layer).value
        else { return query.explained }
        return graph.inputs(reaching: value).first.map { graph[$0].name }
    }
}

extension Graph {
    /// The inputs that a value depends on, in order.
    package func inputs(reaching value: ValueID) -> [ValueID] {
        let needed = neededNodes(for: [value]).values
        return inputs.filter { needed[$0.index] }
    }
}
