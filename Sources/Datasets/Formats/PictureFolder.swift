/// A folder of pictures about which nothing is known, or a single picture.
enum PictureFolder: DatasetReader {
    static let format = DatasetFormat(name: "pictures", summary: "a folder of pictures without classes")

    static func recognises(_ source: DatasetSource) -> Bool {
        !source.files(withExtensions: DatasetSource.pictureExtensions).isEmpty
    }

    static func read(_ source: DatasetSource) throws(DatasetError) -> Dataset {
        guard source.isFolder else { return Dataset(entries: [DatasetEntry(image: source.path)]) }
        return Self.dataset(of: source.files, in: source.path, label: nil, masksBeside: [source.path], source.lookup)
    }

    /// The pictures among the files of a folder.
    static func dataset(
        of files: [String], in folder: String, label: ClassReference?, masksBeside roots: [String], _ lookup: FileLookup
    ) -> Dataset {
        var dataset = Dataset(entries: [])
        for name in files {
            let suffix = DatasetSource.fileExtension(of: name)
            if DatasetSource.pictureExtensions.contains(suffix) {
                let image = "\(folder)/\(name)"
                dataset.entries.append(
                    DatasetEntry(
                        image: image, label: label, mask: MaskConvention.mask(ofPicture: image, beside: roots, lookup)))
            } else if DatasetSource.otherPictureExtensions.contains(suffix) {
                dataset.problems.append("\(folder)/\(name): pictures of the kind '\(suffix)' cannot be read")
            }
        }
        return dataset
    }
}
