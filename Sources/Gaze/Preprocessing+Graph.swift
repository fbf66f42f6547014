import Graphs
import Imaging

extension Preprocessing {
    /// The guess for an input, in the light of what the graph does by itself: nothing is done twice.
    static func guess(for input: PictureInput) throws -> (preprocessing: Preprocessing, reasons: [String]) {
        let own = input.graphPreprocessing
        let steps = own.steps.joined(separator: ", ")
        let known = own.range.map { range in
            let pixels = range == .bytes ? "0...255" : "0...1"
            return (
                preset: range == .bytes ? PreprocessingPreset.raw255 : .zeroToOne,
                reason:
                    "The graph prepares pictures by itself (it \(steps.isEmpty ? "takes integers" : steps)), "
                    + "so pixels are given as \(pixels) without normalisation: \(own.reason); "
                    + "change with --mean, --std and --scale."
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
