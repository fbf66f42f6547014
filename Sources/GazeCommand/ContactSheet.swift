import ArgumentParser
import Foundation
import Gaze

/// All maps of a run in one picture: for every photograph and class a row (or more) of methods.
struct ContactSheet {
    /// A map with what was written of it.
    struct Map {
        let record: ExplanationRecord
        let explanation: Explanation
        let overlay: Overlay.Result
    }

    /// Where it is written; nil where nobody asked for one.
    let path: String?
    private var groups: [(owner: String, title: String, panels: [Figure.Panel])] = []

    init(path: String?) { self.path = path }

    private static let columns = 8

    mutating func add(_ maps: [Map]) {
        guard path != nil else { return }
        for map in maps {
            let owner = "\(map.record.image)\n\(map.explanation.subject)"
            let panel = Figure.Panel(
                map.overlay.picture, label: map.explanation.method.label,
                detail: map.overlay.diagnosis.isInformative ? "" : "shows nothing: see its record")
            if groups.last?.owner != owner {
                let title = "\(name(map.record.image)) · \(map.explanation.subject)"
                groups.append((owner, title, [Figure.Panel(map.explanation.picture, label: map.explanation.subject)]))
            }
            groups[groups.count - 1].panels.append(panel)
        }
    }

    /// Titles show what a file is called, not where it lies.
    private func name(_ path: String) -> String {
        path == "-" ? "standard input" : URL(fileURLWithPath: path).lastPathComponent
    }

    func write(model: String) throws {
        guard let path, !groups.isEmpty else { return }
        let columns = min(Self.columns, groups.map(\.panels.count).max() ?? 1)
        let rows = groups.flatMap { group in
            stride(from: 0, to: group.panels.count, by: columns).map { start in
                Array(group.panels[start..<min(start + columns, group.panels.count)])
            }
        }
        let figure = Figure(
            title: name(model), rows: rows, captions: groups.map(\.title), width: 2000, maximumPanelHeight: 300)
        try figure.draw().write(to: path)
        Console.say("all maps in one picture: \(path)")
    }
}
