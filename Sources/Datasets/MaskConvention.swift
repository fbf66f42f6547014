/// Where masks lie that no file names: in a folder `masks` or `trimaps` beside the pictures or the manifest.
enum MaskConvention {
    /// Folder names, and the values that stand for the object and for what nobody decided.
    static let folders = ["masks", "trimaps"]

    /// The mask of a picture: `FOLDER/masks/NAME.png`, or with the picture's folder below (`masks/cat/NAME.png`).
    static func mask(ofPicture image: String, beside roots: [String], _ lookup: FileLookup) -> AnnotatedMask? {
        lookup.mask(ofPicture: image) { find(image, roots, lookup) }
    }

    private static func find(_ image: String, _ roots: [String], _ lookup: FileLookup) -> AnnotatedMask? {
        let stem = DatasetSource.stem(of: image)
        let folder = DatasetSource.lastComponent(of: DatasetSource.parent(of: image))
        for root in roots {
            for name in folders where lookup.isFolder("\(root)/\(name)") {
                for below in ["", "\(folder)/"] {
                    for suffix in ["png", "npy"] {
                        let path = "\(root)/\(name)/\(below)\(stem).\(suffix)"
                        if lookup.isFile(path) { return mask(path) }
                    }
                }
            }
        }
        return nil
    }

    /// A mask file with the values of its folder. Trimaps of the Oxford pets: 1 = object, 2 = background, 3 = undecided.
    static func mask(_ path: String) -> AnnotatedMask {
        let isTrimap = path.split(separator: "/").dropLast().last == "trimaps"
        return isTrimap ? AnnotatedMask(file: path, object: [1], undecided: [3]) : AnnotatedMask(file: path)
    }
}
