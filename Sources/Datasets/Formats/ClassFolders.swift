/// A folder with a folder a class, which is named by the class's name, position or WordNet identifier (`n02123394`).
enum ClassFolders: DatasetReader {
    static let format = DatasetFormat(
        name: "folders", summary: "a folder a class, named by the class's name, position or WordNet identifier")

    static func recognises(_ source: DatasetSource) -> Bool {
        source.files(withExtensions: DatasetSource.pictureExtensions).isEmpty && !classes(of: source).isEmpty
    }

    static func read(_ source: DatasetSource) throws(DatasetError) -> Dataset {
        var dataset = Dataset(entries: [])
        for name in classes(of: source) {
            let folder = "\(source.path)/\(name)"
            do throws(DatasetError) {
                let label: ClassReference?
                do throws(EntryProblem) {
                    label = try ClassReference(name)
                } catch {
                    dataset.problems.append("\(folder): \(error)")
                    continue
                }
                let found = PictureFolder.dataset(
                    of: try DatasetSource.contents(of: folder).files, in: folder, label: label,
                    masksBeside: [source.path, folder], source.lookup)
                dataset.entries += found.entries
                dataset.problems += found.problems
                if found.entries.isEmpty { dataset.problems.append("\(folder): there is no picture in it") }
            } catch {
                dataset.problems.append("\(error)")
            }
        }
        return dataset
    }

    private static func classes(of source: DatasetSource) -> [String] {
        source.folders.filter { !MaskConvention.folders.contains($0) }
    }
}
