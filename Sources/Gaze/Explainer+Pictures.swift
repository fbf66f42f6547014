import Explanations
public import Foundation
import Graphs
public import Imaging
import Tensors

extension Explainer {
    /// The picture in a file, with the channels that the model takes: JPEG, PNG, WebP, TIFF, `.npy` or `.npz`.
    /// - Throws: `ImagingError`.
    public func picture(contentsOf path: String) throws -> Picture {
        try Picture(contentsOf: path, limits: DecodingLimits(within: model.engine.memory), channels: channelReading)
    }

    /// The picture in the bytes of a file; `name` is what errors call it.
    /// - Throws: `ImagingError`.
    public func picture(decoding data: Data, name: String) throws -> Picture {
        try Picture(
            decoding: data, name: name, limits: DecodingLimits(within: model.engine.memory), channels: channelReading)
    }

    /// A warning where a picture's numbers are not on the scale that the preprocessing expects; nil where nothing tells.
    public func warning(about picture: Picture) -> String? {
        guard let range = picture.floatingRange, let largest = [abs(range.lowerBound), abs(range.upperBound)].max()
        else {
            return nil
        }
        func text(_ number: Float) -> String { String(format: "%.4g", number) }
        let numbers = "its numbers reach from \(text(range.lowerBound)) to \(text(range.upperBound))"
        // A pixel of 0...255 that the scale expects is far from 1.
        if preprocessing.scale < 0.02, largest > 0, largest <= 2 {
            return
                "\(numbers), and --scale \(text(Float(preprocessing.scale))) is meant for 0...255; give --scale 1 if they are what the model was trained on"
        }
        return nil
    }

    /// The height and width that a change of the preprocessing sets, whatever it was before; nil where it keeps them.
    static func givenSize(_ adjust: (inout Preprocessing) throws -> Void) throws -> [Int]? {
        // No model takes pictures of one pixel.
        var probe = Preprocessing(resize: .squash(width: 1, height: 1))
        try adjust(&probe)
        let size = [probe.resize.height, probe.resize.width]
        return size == [1, 1] ? nil : size
    }

    /// What the model's outputs mean, told from its graph alone; nil where that is not known.
    static func headKind(
        of input: PictureInput, in attributor: Attributor, labelCount: Int?
    ) -> HeadDescription.Kind? {
        guard let graph = try? attributor.specialisedGraph(for: input.shapes) else { return nil }
        let survey = OutputSurvey(graph, input: input.name, batch: input.shape[0], labelCount: labelCount)
        return (try? survey.head())?.description.kind
    }
}
