/// One XML file a picture: the layout of Pascal VOC (`Annotations`, `JPEGImages`, `SegmentationClass`) or a folder of XML files.
///
/// VOC counts pixels from 1 and includes both ends: the edges of pixels `xmin...xmax` are `xmin - 1` and `xmax`. Everingham et
/// al., The Pascal Visual Object Classes Challenge, 2010.
enum PascalVOC: DatasetReader {
    static let format = DatasetFormat(
        name: "voc", summary: "Pascal VOC: a folder with Annotations and JPEGImages, or a folder of XML files")

    /// The classes in the order in which segmentations number them, from 1.
    private static let classes = [
        "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
        "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
    ]

    static func recognises(_ source: DatasetSource) -> Bool {
        source.folders.contains("Annotations") || !source.files(withExtensions: ["xml"]).isEmpty
    }

    static func read(_ source: DatasetSource) throws(DatasetError) -> Dataset {
        var files = source.files(withExtensions: ["xml"])
        if files.isEmpty, source.folders.contains("Annotations") {
            let folder = "\(source.path)/Annotations"
            files = try DatasetSource.contents(of: folder).files
                .filter { DatasetSource.fileExtension(of: $0) == "xml" }.map { "\(folder)/\($0)" }
        }
        var assembler = EntryAssembler(source: source.name)
        for file in files {
            let name = DatasetSource.lastComponent(of: file)
            do {
                let annotation = try VOCAnnotation(DatasetSource.contents(ofFile: file))
                try add(annotation, of: file, to: &assembler, source)
            } catch let problem as EntryProblem {
                assembler.note(problem, at: name)
            } catch {
                assembler.note(.broken("\(error)"), at: name)
            }
        }
        return assembler.dataset
    }

    private static func add(
        _ annotation: VOCAnnotation, of file: String, to assembler: inout EntryAssembler, _ source: DatasetSource
    ) throws(EntryProblem) {
        let root = layoutRoot(of: file)
        let image = try picture(of: annotation, file, source)
        let size = try size(of: annotation)
        var found = false
        for (index, object) in annotation.objects.enumerated() {
            do throws(EntryProblem) {
                guard let name = object.name, !name.isEmpty else { throw .missing(column: "name") }
                try assembler.add(
                    image: image, label: .name(name), box: box(of: object, name, within: size),
                    mask: mask(of: image, name, root, source.lookup), size: size)
                found = true
            } catch {
                assembler.note(error, at: "\(DatasetSource.lastComponent(of: file)), object \(index + 1)")
            }
        }
        if !found, annotation.objects.isEmpty { try assembler.add(image: image, size: size) }
    }

    private static func box(
        of object: VOCAnnotation.Object, _ name: String, within size: PixelSize?
    ) throws(EntryProblem) -> AnnotatedBox {
        let (left, top) = (try edge("xmin", of: object), try edge("ymin", of: object))
        let (right, bottom) = (try edge("xmax", of: object), try edge("ymax", of: object))
        return try AnnotatedBox(
            checking: .name(name), left: left - 1, top: top - 1, right: right, bottom: bottom,
            isDifficult: object.isDifficult, within: size)
    }

    private static func edge(_ name: String, of object: VOCAnnotation.Object) throws(EntryProblem) -> Double {
        guard let text = object.edges[name] else { throw .missing(column: name) }
        guard let number = Double(text), number.isFinite else { throw .notANumber(column: name, text: text) }
        return number
    }

    private static func size(of annotation: VOCAnnotation) throws(EntryProblem) -> PixelSize? {
        guard let width = annotation.width, let height = annotation.height else { return nil }
        guard let columns = Double(width), let rows = Double(height) else { throw .size("\(width) x \(height)") }
        // Some tools write 0 x 0 where they do not know.
        return columns == 0 && rows == 0 ? nil : try PixelSize(checking: columns, rows)
    }

    /// The picture: by the name in the file, or by the file's own; some annotations leave the extension out.
    private static func picture(
        of annotation: VOCAnnotation, _ file: String, _ source: DatasetSource
    ) throws(EntryProblem) -> String {
        let places = ["\(layoutRoot(of: file))/JPEGImages", DatasetSource.parent(of: file), source.root]
        let names = [annotation.file ?? "", DatasetSource.stem(of: file)].filter { !$0.isEmpty }
        for name in names {
            for suffix in ["", ".jpg", ".JPEG", ".jpeg", ".png", ".webp"] {
                let candidate = name + suffix
                guard DatasetSource.pictureExtensions.contains(DatasetSource.fileExtension(of: candidate)) else {
                    continue
                }
                if let path = try? source.picture(candidate, in: places) { return path }
            }
        }
        throw .missingPicture(annotation.file ?? DatasetSource.stem(of: file))
    }

    /// The folder beside `Annotations`; the file's own folder in other layouts.
    private static func layoutRoot(of file: String) -> String {
        let folder = DatasetSource.parent(of: file)
        return DatasetSource.lastComponent(of: folder) == "Annotations" ? DatasetSource.parent(of: folder) : folder
    }

    private static func mask(of image: String, _ name: String, _ root: String, _ lookup: FileLookup) -> AnnotatedMask? {
        let path = "\(root)/SegmentationClass/\(DatasetSource.stem(of: image)).png"
        guard lookup.isFile(path) else { return MaskConvention.mask(ofPicture: image, beside: [root], lookup) }
        let number = classes.firstIndex(of: name).map { $0 + 1 }
        return AnnotatedMask(file: path, object: number.map { [$0] }, undecided: [255])
    }
}
