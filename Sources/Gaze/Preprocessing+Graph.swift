import Explanations
import Graphs
import Imaging

extension Preprocessing {
    /// What black and white are in the model's input.
    var space: InputSpace {
        func colour(_ pixel: Double) -> [Float] {
            (0..<channels.count).map { channel in
                // An opaque alpha is no colour.
                let value = channels == .rgba && channel == 3 ? 255 : pixel
                return Float(
                    (value * scale - mean[mean.count == 1 ? 0 : channel])
                        / standardDeviation[standardDeviation.count == 1 ? 0 : channel])
            }
        }
        return InputSpace(black: colour(0), white: colour(255))
    }

    /// The guess for an input, in the light of what the graph does by itself: nothing is done twice.
    static func guess(for input: PictureInput) throws -> (preprocessing: Preprocessing, reasons: [String]) {
        let own = input.graphPreprocessing
        let known = own.range.map { range in
            (
                preset: range == .bytes ? PreprocessingPreset.raw255 : .zeroToOne,
                reason: "\(own.sentence ?? "") Nothing is normalised before; change with --mean, --std and --scale."
            )
        }
        var (preprocessing, reasons) = try guess(
            inputShape: input.shape.dimensions.map { $0 }, elementType: input.elementType, known: known,
            channelAxis: input.channelAxis)
        if own.isBlueFirst, preprocessing.channels == .rgb {
            preprocessing.channels = .bgr
            reasons.append(
                "The means in the graph grow from channel to channel as those of blue, green and red do; guessed BGR; "
                    + "change with --channels.")
        }
        return (preprocessing, input.reasons + reasons)
    }
}
