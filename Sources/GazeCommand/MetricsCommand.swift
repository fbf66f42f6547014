import ArgumentParser
import Gaze

/// `gaze metrics [NAME]`
struct MetricsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "The catalogue of metrics and similarities of maps; with a name, everything about one.")

    @Argument(help: "A metric or similarity.")
    var name: String?

    @Flag(help: "JSON instead of text.")
    var json = false

    @Option(help: "Write one Markdown page each, and a table of all, into this folder.", completion: .directory)
    var pages: String?

    /// The catalogue's entry as JSON.
    private struct Entry: Encodable {
        let name, family, summary, formula, paper, range, better, cost, remarks: String
        let needs: [String]
        let parameters: [[String: String]]

        init(_ description: MeasureDescription) {
            name = description.name
            family = description.family.rawValue
            summary = description.summary
            formula = description.formula
            paper = description.paper
            range = description.range
            better = description.better.rawValue
            cost = description.cost
            remarks = description.remarks
            needs = MeasureDescription.Need.allCases.filter(description.needs.contains).map(\.rawValue)
            parameters = CatalogueEntry.fields(of: description.parameters)
        }
    }

    func run() throws {
        try Console.report {
            let all = MeasureCatalogue.descriptions
            if let pages {
                try PageFolder.write(MeasurePage.files(all), to: pages)
            } else if let name {
                let description = try MeasureCatalogue.description(named: name)
                if json { try Console.putJSON(Entry(description)) } else { show(description) }
            } else if json {
                try Console.putJSON(all.map(Entry.init))
            } else {
                for family in MeasureDescription.Family.allCases {
                    let rows = all.filter { $0.family == family }.map { ["", $0.name, $0.summary] }
                    guard !rows.isEmpty else { continue }
                    Console.put("\(family.rawValue): \(MeasurePage.question(family))")
                    Console.putLines(Console.table(rows))
                }
            }
        }
    }

    private func show(_ description: MeasureDescription) {
        let rows =
            [("", description.summary), ("formula", description.formula)]
            + MeasurePage.facts(of: description).map { ($0.name, $0.text) } + [("remarks", description.remarks)]
        CatalogueEntry.put(description.name, facts: rows, parameters: description.parameters)
    }
}
