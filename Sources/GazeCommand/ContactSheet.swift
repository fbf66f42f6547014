import Archives
import ArgumentParser
import Foundation
import Gaze

/// All maps of a run in one picture: for every photograph and class a row (or more) of methods.
struct ContactSheet {
    /// Where it is written; nil where nobody asked for one.
    let path: String?
    private var groups: [(owner: String, title: String, panels: [Figure.Panel])] = []

    init(path: String?) { self.path = path }

    private static let columns = 8
    private static let panelHeight = 300
    private static let width = 2000

    /// Refuses a path that an input of the run lies at, and what is no regular file.
    static func check(_ path: String) throws {
        do { try WholeFile.target(of: path) } catch {
            throw ImagingError.unwritable(path: path, reason: error.writingReason)
        }
    }

    /// Adds a map; of its picture no more is kept than the sheet shows.
    mutating func add(_ explanation: Explanation, _ overlay: Overlay.Result, image: String) throws {
        guard path != nil else { return }
        let owner = "\(image)\n\(explanation.subject)"
        if groups.last?.owner != owner {
            let photograph = Figure.Panel(try thumbnail(explanation.picture), label: explanation.subject)
            groups.append((owner, "\(name(image)) · \(explanation.subject)", [photograph]))
        }
        groups[groups.count - 1].panels.append(
            Figure.Panel(
                try thumbnail(overlay.picture), label: explanation.method.label,
                detail: overlay.diagnosis.isInformative ? "" : "shows nothing: see its record"))
    }

    /// The picture at twice the size that it may have in the sheet, so that the sheet's own resampling sees no difference.
    private func thumbnail(_ picture: Picture) throws -> Picture {
        let ratio = min(
            2 * Double(Self.panelHeight) / Double(picture.height), 2 * Double(Self.width) / Double(picture.width))
        guard ratio < 1 else { return picture }
        return try picture.resized(
            width: max(Int(Double(picture.width) * ratio), 1), height: max(Int(Double(picture.height) * ratio), 1),
            filter: .lanczos)
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
            title: name(model), rows: rows, captions: groups.map(\.title), width: Self.width,
            maximumPanelHeight: Self.panelHeight)
        try figure.draw().write(to: path)
        Console.say("all maps in one picture: \(path)")
    }
}
