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
}
