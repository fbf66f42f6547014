import ArgumentParser
import Foundation
import Gaze

/// How a model is read and pictures are prepared; what is not given comes from the sidecar, else from a guess.
struct ModelOptions: ParsableArguments {
    @Option(
        help:
            "Names of the classes: a text file with one per line or lines NUMBER,NAME, JSON, YAML, or a label map."
    )
    var labels: String?

    @Option(
        name: .customLong("input"), parsing: .unconditionalSingleValue,
        help: "NAME=FILE (a picture or .npy) or NAME=NUMBER: what an input holds besides the photograph's; repeatable.")
    var inputs: [String] = []

    @Option(help: "The input that takes the photograph; by default the first one that can and is not given by --input.")
    var wrt: String?

    @Option(help: "Preset: imagenet, inception, efficientnet-lite, zero-to-one, raw-255, caffe-bgr.")
    var preset: String?

    @Option(help: "squash:224x224, crop:224x224,short=256 or letterbox:640x640,fill=#727272.")
    var resize: String?

    @Option(help: "bilinear, bicubic, nearest, box, lanczos, tensorflow-bilinear.")
    var filter: String?

    @Option(help: "rgb, bgr, grey, rgba, or the number of a file's channels.")
    var channels: String?

    @Option(
        help:
            "What a pixel 0...255 is multiplied by first, e.g. 0.00392156862745098 or 1; 16-bit integers v of picture files count as v/257, floating-point numbers and arrays as they are."
    )
    var scale: Double?

    @Option(help: "What is subtracted then: one number, or one per channel: 0.485,0.456,0.406.")
    var mean: String?

    @Option(help: "What is divided by last, like --mean.")
    var std: String?

    @Option(help: "nchw or nhwc.")
    var layout: String?

    @Option(help: "Which array of an .npz file is the picture.")
    var array: String?

    @Option(help: "Which channels of a picture are shown as red, green, blue, or one as grey, counted from 1: 3,2,1.")
    var show: String?

    @Flag(help: "Write the preprocessing into the sidecar MODEL.gaze.yaml.")
    var savePreprocessing = false

    @Option(help: "Threads of the engine; all cores by default.")
    var threads: Int?

    func validate() throws {
        try Self.validate(threads: threads)
        _ = try inputTexts()
        // What is wrong in itself is found before a model is read; what does not fit the model, with it.
        var preprocessing = Preprocessing(resize: .squash(width: 1, height: 1))
        try Console.options { try adjust(&preprocessing) }
        _ = try shownChannels()
        guard scale != 0, scale?.isFinite != false,
            preprocessing.standardDeviation.allSatisfy({ $0 != 0 && $0.isFinite }),
            preprocessing.mean.allSatisfy(\.isFinite)
        else { throw ValidationError("--scale and --std take finite numbers other than zero, --mean finite ones.") }
    }

    static func validate(threads: Int?) throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads takes a number from 1 to 1024; got \(threads).")
        }
    }

    /// The model at `path` with these options.
    ///
    /// - Parameter memory: What the values of one run may take.
    func explainer(for path: String, memory: MemoryBudget = .ofMachine) throws -> Explainer {
        let explainer = try Explainer(
            model: path, engine: Interruption.engine(threads: threads, memory: memory),
            classNames: labels.map { try ClassNameList(contentsOf: $0) },
            inputs: inputTexts().mapValues { try GivenInput($0) }, explained: wrt,
            channels: ChannelReading(array: array, shown: shownChannels()), adjust: adjust)
        for note in explainer.inputNotes { Console.say("note: \(note)") }
        let decided = decidedTopics
        for guess in explainer.preprocessingGuesses where !decided.contains(guess.topic) {
            Console.say("note: \(guess)")
        }
        if let preset, explainer.preprocessing.channels.count != 3 { sayPreset(preset, explainer.preprocessing) }
        if savePreprocessing {
            var sidecar = try Sidecar.read(forModel: path) ?? Sidecar()
            sidecar.preprocessing = explainer.preprocessing
            if let labels {
                sidecar.labels = .file(URL(fileURLWithPath: labels).path)
            }
            try sidecar.write(forModel: path)
            Console.say("wrote \(Sidecar.path(forModel: path))")
        }
        return explainer
    }

    /// What stands behind NAME= in each --input.
    private func inputTexts() throws -> [String: String] {
        try inputs.reduce(into: [:]) { texts, text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw ValidationError("--input takes NAME=FILE or NAME=NUMBER; got '\(text)'.")
            }
            guard texts[parts[0]] == nil else {
                throw ValidationError("--input gives '\(parts[0])' twice; give it once.")
            }
            texts[parts[0]] = parts[1]
        }
    }

    /// What flags decide, so that no guess about it is worth a word.
    private var decidedTopics: Set<PreprocessingGuess.Topic> {
        var topics: Set<PreprocessingGuess.Topic> = []
        if preset != nil || scale != nil || mean != nil || std != nil { topics.insert(.normalisation) }
        if preset != nil || channels != nil { topics.insert(.channels) }
        if layout != nil { topics.insert(.layout) }
        if let resize {
            topics.insert(.resizing)
            // The name of a rule alone keeps the model's size.
            if resize.contains(":") { topics.insert(.size) }
        }
        return topics
    }

    /// What a preset of three channels became.
    private func sayPreset(_ preset: String, _ preprocessing: Preprocessing) {
        func text(_ values: [Double]) -> String { values.map { String(format: "%.4g", $0) }.joined(separator: ",") }
        Console.say(
            "note: --preset \(preset) for the model's \(preprocessing.channels.count) channel\(preprocessing.channels.count == 1 ? "" : "s") (\(preprocessing.channels.rawValue)) takes the mean of its three constants: mean \(text(preprocessing.mean)), std \(text(preprocessing.standardDeviation)); change with --channels, --mean and --std."
        )
    }

    /// The channels of --show, from 1.
    private func shownChannels() throws -> [Int] {
        guard let show else { return [] }
        let parts = show.split(separator: ",", omittingEmptySubsequences: false).map {
            Int($0.trimmingCharacters(in: .whitespaces))
        }
        guard [1, 3].contains(parts.count), parts.allSatisfy({ ($0 ?? 0) >= 1 }) else {
            throw ValidationError("--show takes one or three channels, counted from 1, as in 3,2,1; got '\(show)'.")
        }
        return parts.compactMap { $0 }
    }

    private func adjust(_ preprocessing: inout Preprocessing) throws {
        if let preset {
            guard let known = PreprocessingPreset(rawValue: preset) else {
                throw choice("--preset", preset, PreprocessingPreset.allCases.map(\.rawValue))
            }
            let element = preprocessing.element
            let wanted = try channels.map(parsedChannels) ?? preprocessing.channels
            preprocessing = known.preprocessing(
                resize: preprocessing.resize, layout: preprocessing.layout, channels: wanted)
            preprocessing.element = element
        }
        if let resize { preprocessing.resize = try rule(resize, size: preprocessing.resize) }
        if let filter {
            guard let known = ResamplingFilter(rawValue: filter) else {
                throw choice("--filter", filter, ResamplingFilter.allCases.map(\.rawValue))
            }
            preprocessing.filter = known
        }
        if let channels { preprocessing.channels = try parsedChannels(channels) }
        if let layout {
            guard let known = Preprocessing.Layout(rawValue: layout) else {
                throw choice("--layout", layout, Preprocessing.Layout.allCases.map(\.rawValue))
            }
            preprocessing.layout = known
        }
        try adjustNumbers(&preprocessing)
    }

    /// What is done to pixels one by one.
    func adjustNumbers(_ preprocessing: inout Preprocessing) throws {
        if let scale { preprocessing.scale = scale }
        if let mean { preprocessing.mean = try numbers(mean, option: "--mean") }
        if let std { preprocessing.standardDeviation = try numbers(std, option: "--std") }
    }

    private func parsedChannels(_ text: String) throws -> Preprocessing.Channels {
        guard let known = Preprocessing.Channels(rawValue: text) else {
            throw choice("--channels", text, Preprocessing.Channels.words + ["a number"])
        }
        return known
    }

    /// `squash` alone keeps the model's size.
    private func rule(_ text: String, size: ResizeRule) throws -> ResizeRule {
        switch text {
        case "squash": .squash(width: size.width, height: size.height)
        case "crop": .crop(width: size.width, height: size.height, ratio: 0.875)
        case "letterbox":
            .letterbox(width: size.width, height: size.height, fill: Colour(grey: 114), anchor: .centre)
        default: try ResizeRule(text: text)
        }
    }

    private func numbers(_ text: String, option: String) throws -> [Double] {
        let parts = text.split(separator: ",").map { Double($0.trimmingCharacters(in: .whitespaces)) }
        let values = parts.compactMap { $0 }
        guard !values.isEmpty, values.count == parts.count else {
            throw ValidationError(
                "\(option) takes one number or one per channel, e.g. 0.485,0.456,0.406; got '\(text)'.")
        }
        return values
    }

    private func choice(_ option: String, _ text: String, _ words: [String]) -> ValidationError {
        ValidationError("\(option) is one of \(words.joined(separator: ", ")); got '\(text)'.")
    }
}
