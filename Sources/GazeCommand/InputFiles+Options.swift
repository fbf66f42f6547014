import Archives
import Foundation
import Gaze
import ONNXFormat

/// What commands read, so that nothing that they write replaces it.
extension InputFiles {
    /// Adds files of the command line; what is not given or no file, is none.
    func add(_ paths: [String?]) {
        for case let path? in paths where path != "-" {
            add(path, as: "an input of this run ('\(path.shortened(to: 200))')")
        }
    }

    /// Adds a model with its weights.
    func add(model path: String) {
        for file in (try? ONNXFile.files(of: path)) ?? [path] { add(file, as: "the model that is explained") }
    }

    /// Adds a model with its weights, and what stands beside it or is given for it.
    func add(model path: String, options: ModelOptions) {
        add(model: path)
        add([options.labels] + options.inputs.map { $0.split(separator: "=", maxSplits: 1).last.map(String.init) })
        // The sidecar may be written anew by --save-preprocessing, and by nothing else.
        if !options.savePreprocessing { add([Sidecar.path(forModel: path)]) }
        guard case .file(let name)? = try? Sidecar.read(forModel: path)?.labels else { return }
        add([URL(fileURLWithPath: name, relativeTo: URL(fileURLWithPath: path).deletingLastPathComponent()).path])
    }

    /// Adds the pictures and masks of a data set.
    func add(_ dataset: Dataset) { for entry in dataset.entries { add([entry.image, entry.mask?.file]) } }
}
