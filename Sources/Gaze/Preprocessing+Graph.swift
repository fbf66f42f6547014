import Graphs
import Imaging

extension Preprocessing {
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
            inputShape: input.shape.dimensions.map { $0 }, elementType: input.elementType, known: known)
        if own.isBlueFirst, preprocessing.channels == .rgb {
            preprocessing.channels = .bgr
            reasons.append(
                "The means in the graph grow from channel to channel as those of blue, green and red do; guessed BGR; "
                    + "change with --channels.")
        }
        return (preprocessing, input.reasons + reasons)
    }
}
