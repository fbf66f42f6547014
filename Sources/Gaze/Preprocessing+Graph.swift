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

    /// The guess for an input, in the light of what the graph does by itself (nothing is done twice), of what the file says, and of
    /// what the model's answer is about.
    ///
    /// - Parameter kind: What the outputs mean, where that is known.
    static func guess(
        for input: PictureInput, kind: HeadDescription.Kind?
    ) throws -> (preprocessing: Preprocessing, reasons: [PreprocessingGuess]) {
        let own = input.graphPreprocessing
        var known: (preset: PreprocessingPreset, reason: String)?
        if let range = own.range {
            known = (
                preset: range == .bytes ? PreprocessingPreset.raw255 : .zeroToOne,
                reason: "\(own.sentence ?? "") Nothing is normalised before; change with --mean, --std and --scale."
            )
        } else if input.metadata.isUltralytics, input.elementType == .float32 {
            let task = input.metadata.entries["task"].map { " (task \($0))" } ?? ""
            known = (
                preset: .zeroToOne,
                reason:
                    "The file says that it is a model of Ultralytics' kind\(task), which takes pixels 0...1 "
                    + "without normalisation; change with --mean, --std and --scale."
            )
        }
        var (preprocessing, reasons) = try guess(
            inputShape: input.shape.dimensions.map { $0 }, elementType: input.elementType,
            channelAxis: input.channelAxis, known: known)
        if own.isBlueFirst, preprocessing.channels == .rgb {
            preprocessing.channels = .bgr
            reasons.append(
                PreprocessingGuess(
                    .channels,
                    "The means in the graph grow from channel to channel as those of blue, green and red do; guessed BGR; "
                        + "change with --channels."))
        }
        if let (rule, reason) = resizing(for: input, kind: kind, preprocessing.resize) {
            preprocessing.resize = rule
            reasons.removeAll { $0.topic == .resizing }
            reasons.append(PreprocessingGuess(.resizing, reason))
        }
        return (preprocessing, input.reasons + reasons)
    }

    /// How pictures reach the size where it is not by a crop of the middle.
    private static func resizing(
        for input: PictureInput, kind: HeadDescription.Kind?, _ usual: ResizeRule
    ) -> (ResizeRule, reason: String)? {
        let (width, height) = (usual.width, usual.height)
        if input.metadata.isUltralytics {
            if input.metadata.task == .classification {
                let side = min(width, height)
                return (
                    .crop(width: width, height: height, shortSide: side),
                    "Models of Ultralytics' kind that classify see the middle: short side to \(side), then \(width)x\(height); change with --resize."
                )
            }
            return (
                .letterbox(width: width, height: height, fill: Colour(grey: 114), anchor: .centre),
                "Models of Ultralytics' kind see whole pictures in a grey frame (letterbox \(width)x\(height)); change with --resize."
            )
        }
        switch kind {
        case .detector, .segmentation:
            return (
                .squash(width: width, height: height),
                "Guessed that the whole picture becomes \(width)x\(height), because a \(kind == .detector ? "detector" : "segmentation") answers for all of it; change with --resize (letterbox keeps the shape of things)."
            )
        default: return nil
        }
    }
}
