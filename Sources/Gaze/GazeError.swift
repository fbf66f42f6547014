import Imaging

/// What can be wrong between a model and a picture.
public enum GazeError: Error, Sendable, Hashable {
    /// A sidecar that cannot be read.
    case sidecar(path: String, reason: String)
    /// A label file that cannot be read.
    case labels(path: String, reason: String)
    /// Names that somebody gave for another number of classes.
    case labelCount(source: String, names: Int, classes: Int, output: String)
    /// A name that several classes have.
    case sharedName(text: String, classes: [Int])
    /// A class map that cannot be read.
    case classMap(path: String, reason: String)
    /// No input of the model takes pictures.
    case noPictureInput(inputs: [String], reason: String)
    /// A volume that the model does not take.
    case volume(reason: String)
    /// The model has inputs besides the picture, of which nothing was given for these.
    case missingInputs(picture: String, missing: [String], example: String)
    /// A value for an input that does not fit it.
    case unsuitableInput(name: String, reason: String)
    /// No output is of a kind that can be explained without a target.
    case noClassScores(outputs: [String], example: String)
    /// A choice that the model's head does not have.
    case unsuitableChoice(option: String, head: String, advice: String)
    /// A mask that does not fit the picture.
    case mask(path: String, reason: String)
    /// An annotation that does not fit the picture.
    case annotation(path: String, reason: String)
    /// A picture or mask of a data set that cannot be read.
    case unreadable(path: String, reason: String)
    /// A class that does not exist, or a name that fits several.
    case unknownClass(text: String, reason: String)
    /// A file or folder that cannot be written.
    case unwritable(path: String, reason: String)
    /// No size of pictures that was tried runs, and the model names none.
    case pictureSize(input: String, tried: [String], reason: String?)
    /// A size of pictures that does not run, though the model leaves sizes open.
    case unsuitableSize(input: String, size: String, reason: String, other: String?)
    /// A preprocessing that makes another number of channels than the model takes.
    case channelCount(input: Int, given: String)
    /// A method whose result is no map.
    case noMap(method: String)
    /// An input without a length where a file needs one.
    case openShape(input: String, declared: String)
    /// Advice on a plan that leaves out what advice rests on.
    case noAdvice(missing: String)
    /// A compiled explanation that says something else than the run that it stands for.
    case compilation(method: String, difference: Double)
}

extension GazeError: CustomStringConvertible {
    /// One sentence: what, where, what to do.
    public var description: String {
        switch self {
        case .sidecar(let path, let reason):
            "The sidecar \(path) cannot be used: \(reason). Correct it, or remove it and give flags instead."
        case .labels(let path, let reason):
            "The class names in \(path) cannot be used: \(reason). Give a text file with one name per line, or with lines NUMBER,NAME."
        case .labelCount(let source, let names, let classes, let output):
            "The class names in \(source) do not fit: there \(names == 1 ? "is 1 name" : "are \(names) names"), and '\(output)' has \(classes) classes. Give a file with one name for each class, in the order of the scores, or with lines NUMBER,NAME counted from 0."
        case .sharedName(let text, let classes):
            "\(classes.count) classes are called '\(text)': \(classes.prefix(6).map(String.init).joined(separator: ", ")). Give the index of one."
        case .classMap(let path, let reason):
            "The class map \(path) cannot be used: \(reason). Give a text file with lines NAME = CLASS."
        case .noPictureInput(let inputs, let reason):
            "No input of the model (\(inputs.joined(separator: ", "))) takes a picture: \(reason). Make its tensor yourself and run: gaze attribute MODEL --input FILE.npy --target TARGET --method METHOD --output FOLDER ('gaze inspect MODEL' lists what TARGET can name)."
        case .volume(let reason):
            "The volume cannot be explained: \(reason)."
        case .missingInputs(let picture, let missing, let example):
            "The photograph goes into '\(picture)', and nothing is given for \(missing.joined(separator: "; ")). Give each with --input NAME=FILE (a picture or .npy) or --input NAME=NUMBER, e.g. --input \(example)."
        case .unsuitableInput(let name, let reason):
            "The input '\(name)' cannot be given like that: \(reason)."
        case .noClassScores(let outputs, let example):
            "What the outputs mean (\(outputs.joined(separator: ", "))) is not known; name what to explain with --target, e.g. \(TargetText.option(example))."
        case .unsuitableChoice(let option, let head, let advice):
            "\(option) does not fit a model that is a \(head): \(advice)."
        case .mask(let path, let reason):
            "The mask \(path) cannot be used: \(reason)."
        case .annotation(let path, let reason):
            "The annotation of \(path) cannot be used: \(reason). Correct it, or save the photograph upright."
        case .unreadable(let path, let reason):
            "\(path) cannot be read: \(reason)."
        case .unknownClass(let text, let reason):
            "There is no class '\(text)': \(reason)."
        case .unwritable(let path, let reason):
            "\(path) cannot be written: \(reason). Choose another folder with -o."
        case .pictureSize(let input, let tried, let reason):
            "The input \(input) leaves the size of pictures open, and the model runs with none of \(tried.joined(separator: ", ")), …\(reason.map { " (\($0))" } ?? ""); name the size that it was trained with, e.g. --resize squash:320x240."
        case .unsuitableSize(let input, let size, let reason, let other):
            "The model does not run with pictures of \(size), though its input \(input) leaves their size open: \(reason); \(other.map { "it runs with \($0), give --resize squash:\($0)" } ?? "give the size that it was exported with, e.g. --resize squash:320x240")."
        case .channelCount(let input, let given):
            "The model takes \(input) channel\(input == 1 ? "" : "s"), and the preprocessing makes '\(given)' of a picture; give --channels \(Preprocessing.Channels(count: input).rawValue)."
        case .openShape(let input, let declared):
            "The input \(input) [\(declared)] leaves lengths open, and a file is for one shape; give it, e.g. --shape \(input)=1x3x224x224."
        case .compilation(let method, let difference):
            "The compiled \(method) differs from 'gaze attribute' by \(difference) of the largest value on random inputs, so it was not written; please report it with the model."
        case .noAdvice(let missing):
            "Advice rests on deletion and insertion, and the plan has no \(missing); add it to the metrics."
        case .noMap(let method):
            "The result of \(method) is no map to look at; use 'gaze attribute' for it."
        }
    }
}
