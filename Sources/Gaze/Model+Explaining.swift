import Explanations
import Graphs

/// What explaining photographs and explaining volumes ask of a model alike.
extension Model {
    /// The names of the classes as they are listed: given ones, else the sidecar's, else those in the file's metadata.
    func classNames(given: ClassNameList?, sidecar: Sidecar?) throws -> ClassNameList? {
        try given ?? sidecar?.classNames(forModel: path)
            ?? metadata.classNames.map { ClassNameList($0, source: .metadata) }
    }

    /// The error where no output is of a kind that is known, with a target that the graph answers.
    func unknownOutputs() -> GazeError {
        let texts = outputs.map { port in
            "'\(port.name)' [\(port.dimensions.map(\.description).joined(separator: ", "))]"
        }
        return .noClassScores(outputs: texts, example: graph.exampleTarget)
    }
}
