/// How a data set lies on the disk.
public struct DatasetFormat: Sendable, Hashable {
    /// The name on the command line.
    public let name: String
    /// What it looks like, in a few words.
    public let summary: String

    /// Every format that can be read; where several fit a source, the first is meant.
    public static var all: [DatasetFormat] { readers.map { $0.format } }

    /// The format of a name; nil where there is none.
    public init?(named name: String) {
        guard let format = Self.all.first(where: { $0.name == name }) else { return nil }
        self = format
    }

    init(name: String, summary: String) {
        self.name = name
        self.summary = summary
    }

    /// The catalogue, one line a format: what is certain by a file's name comes before what is only likely.
    static let readers: [any DatasetReader.Type] = [
        CSVManifest.self,
        JSONLinesManifest.self,
        PascalVOC.self,
        COCO.self,
        ClassFolders.self,
        PictureFolder.self,
    ]
}

/// Reads one format. A conforming type is one file and one line in `DatasetFormat.readers`.
protocol DatasetReader: Sendable {
    /// The format's name and looks.
    static var format: DatasetFormat { get }

    /// Whether a source looks like this format.
    static func recognises(_ source: DatasetSource) -> Bool

    /// The entries of a source; what cannot be used of it is a problem of the data set, not an error.
    static func read(_ source: DatasetSource) throws(DatasetError) -> Dataset
}

extension Dataset {
    /// Reads a data set.
    ///
    /// - Parameters:
    ///   - path: A folder or a file. A folder with one manifest (`.csv`, `.jsonl`) in it means the manifest.
    ///   - format: The format; recognised by names where it is nil.
    ///   - images: The folder of the pictures that a file names; where it is nil, they lie beside the file or where the format
    ///     keeps them.
    /// - Throws: `DatasetError` where nothing can be read at all. Entries that cannot be used are listed in `problems`.
    public init(contentsOf path: String, format: DatasetFormat? = nil, images: String? = nil) throws(DatasetError) {
        let source = try DatasetSource(path: path, images: images)
        let reader = DatasetFormat.readers.first { reader in
            if let format { reader.format == format } else { reader.recognises(source) }
        }
        guard let reader else { throw .unrecognised(path: path) }
        let dataset = try reader.read(source)
        guard !dataset.entries.isEmpty else {
            throw .nothingReadable(
                path: path, format: reader.format.name, problems: dataset.problems.count, first: dataset.problems.first)
        }
        self = dataset
    }
}
