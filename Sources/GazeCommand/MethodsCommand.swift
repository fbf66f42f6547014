import ArgumentParser
import Gaze

/// `gaze methods [NAME]`
struct MethodsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "methods", abstract: "The catalogue of methods; with a name, everything about one.")

    @Argument(help: "A method.")
    var name: String?

    @Flag(help: "JSON instead of text.")
    var json = false

    @Option(help: "Write one Markdown page a method, and a table of all, into this folder.", completion: .directory)
    var pages: String?

    /// The catalogue's entry as JSON.
    private struct Entry: Encodable {
        let name, family, summary, formula, paper, result, cost, fits, remarks: String
        let parameters: [[String: String]]

        init(_ description: MethodDescription) {
            name = description.name
            family = description.family.rawValue
            summary = description.summary
            formula = description.formula
            paper = description.paper
            result = description.result
            cost = description.cost
            fits = description.fits
            remarks = description.remarks
            parameters = CatalogueEntry.fields(of: description.parameters)
        }
    }

    func run() throws {
        try Console.report {
            if let pages {
                try PageFolder.write(MethodPage.files(MethodCatalogue.descriptions), to: pages)
            } else if let name {
                let description = try MethodCatalogue.description(named: name)
                if json { try Console.putJSON(Entry(description)) } else { show(description) }
            } else if json {
                try Console.putJSON(MethodCatalogue.descriptions.map(Entry.init))
            } else {
                for family in MethodDescription.Family.allCases {
                    let rows = MethodCatalogue.descriptions.filter { $0.family == family }.map {
                        ["", $0.name, $0.summary]
                    }
                    guard !rows.isEmpty else { continue }
                    Console.put(family.rawValue)
                    Console.putLines(Console.table(rows))
                }
            }
        }
    }

    private func show(_ description: MethodDescription) {
        let rows = [
            ("", description.summary), ("family", description.family.rawValue), ("formula", description.formula),
            ("paper", description.paper),
            ("result", description.result), ("cost", description.cost), ("fits", description.fits),
            ("remarks", description.remarks),
        ]
        CatalogueEntry.put(description.name, facts: rows, parameters: description.parameters)
    }
}
