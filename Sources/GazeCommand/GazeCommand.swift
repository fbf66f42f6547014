import ArgumentParser
import Foundation
import Gaze

/// `gaze`: shows where a vision model looks.
@main
struct GazeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gaze",
        abstract: "Shows where a vision model looks, and whether that picture can be believed.",
        discussion: """
            Start with: gaze explain model.onnx photo.jpg
            Data goes to standard output or files, everything else to standard error.
            Exit codes: 0 fine, 1 some items failed, 2 a model or input is unusable, 3 a check failed, 64 usage.
            """,
        version: GazeVersion.text,
        subcommands: [
            ExplainCommand.self, PredictCommand.self, InspectCommand.self, CheckCommand.self, EvaluateCommand.self,
            MethodsCommand.self, MetricsCommand.self, ModelsCommand.self, AttributeCommand.self, CompileCommand.self,
            VerifyCommand.self, CompareMapsCommand.self,
        ])

    static func main() {
        TextStream.prepare()
        do {
            try Arguments.check()
            var command = try parseAsRoot()
            try command.run()
            TextStream.end(0)
        } catch {
            // Help and the version are data, everything else is talk.
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            let stream = code.isSuccess ? TextStream.output : TextStream.errors
            if !text.isEmpty { stream.write(Arguments.shown(text) + "\n") }
            TextStream.end(code.rawValue)
        }
    }
}

/// The version of the command.
enum GazeVersion {
    static let text = "0.1.0"
}
