import Foundation

/// One JSON file with `images`, `annotations` and `categories` (instances), of which boxes and names are read.
///
/// A box is `[x, y, width, height]`, `x` and `y` its left and upper edge. Crowds are difficult. Outlines (`segmentation`) are no
/// mask files and are not read. Lin et al., Microsoft COCO: Common Objects in Context, 2014.
enum COCO: DatasetReader {
    static let format = DatasetFormat(
        name: "coco", summary: "a JSON file with images, annotations and categories, the pictures beside it")

    static func recognises(_ source: DatasetSource) -> Bool {
        if !source.isFolder { return DatasetSource.fileExtension(of: source.path) == "json" }
        return !files(in: source).isEmpty || annotationFolder(of: source) != nil
    }

    static func read(_ source: DatasetSource) throws(DatasetError) -> Dataset {
        guard !source.isFolder else {
            let folder = annotationFolder(of: source) ?? source.path
            let candidates = files(in: try DatasetSource(path: folder, images: nil))
            guard let name = candidates.first else { throw .unrecognised(path: source.path) }
            guard candidates.count == 1 else { throw .ambiguous(path: folder, candidates: candidates) }
            return try read(DatasetSource(path: "\(folder)/\(name)", images: source.images))
        }
        let file: COCOFile
        do {
            file = try JSONDecoder().decode(COCOFile.self, from: DatasetSource.contents(ofFile: source.path))
        } catch let error as DatasetError {
            throw error
        } catch {
            throw .malformed(
                path: source.path, format: format.name,
                reason: "it is not a JSON object with a list 'images'; give COCO's instances file")
        }
        return dataset(of: file, source)
    }

    /// JSON files of a folder whose names say what they are; others may be anything.
    private static func files(in source: DatasetSource) -> [String] {
        source.files.filter { name in
            DatasetSource.fileExtension(of: name) == "json"
                && ["instances", "coco", "annotations"].contains { name.lowercased().contains($0) }
        }
    }

    /// `annotations` in COCO's own layout.
    private static func annotationFolder(of source: DatasetSource) -> String? {
        guard source.folders.contains("annotations"), files(in: source).isEmpty,
            let inner = try? DatasetSource(path: "\(source.path)/annotations", images: nil), !files(in: inner).isEmpty
        else { return nil }
        return inner.path
    }

    private static func dataset(of file: COCOFile, _ source: DatasetSource) -> Dataset {
        var assembler = EntryAssembler(source: source.name)
        var names: [Identifier: String] = [:]
        for (index, category) in (file.categories ?? []).enumerated() {
            guard let category = category.value else {
                assembler.note(.broken("it has no 'id' or 'name'"), at: "category \(index + 1)")
                continue
            }
            names[category.id] = category.name
        }
        var pictures: [Identifier: (path: String, size: PixelSize?)] = [:]
        var order: [Identifier] = []
        var mentioned: Set<Identifier> = []
        var repeated = 0
        for (index, image) in file.images.enumerated() {
            do throws(EntryProblem) {
                guard let image = image.value else { throw .broken("it has no usable 'id' or 'file_name'") }
                guard mentioned.insert(image.id).inserted else {
                    repeated += 1
                    continue
                }
                let found = try source.picture(image.file, in: places(of: source.path))
                let size = try image.size()
                pictures[image.id] = (found, size)
                order.append(image.id)
            } catch {
                assembler.note(error, at: "image \(index + 1)")
            }
        }
        assembler.note(repeated, "image", "left out, because an earlier one has the same 'id'")
        var annotated: Set<Identifier> = []
        var orphans = 0
        for (index, annotation) in (file.annotations ?? []).enumerated() {
            do throws(EntryProblem) {
                guard let annotation = annotation.value else {
                    throw .broken("it has no usable 'image_id', 'category_id' or 'bbox'")
                }
                guard let picture = pictures[annotation.image] else {
                    // A picture that cannot be used was noted already.
                    if !mentioned.contains(annotation.image) { orphans += 1 }
                    continue
                }
                guard let name = names[annotation.category] else { throw .broken("its category is not in the file") }
                try assembler.add(
                    image: picture.path, label: .name(name), box: annotation.box(name, within: picture.size),
                    mask: MaskConvention.mask(ofPicture: picture.path, beside: [source.root], source.lookup),
                    size: picture.size)
                annotated.insert(annotation.image)
            } catch {
                assembler.note(error, at: "annotation \(index + 1)")
            }
        }
        assembler.note(orphans, "annotation", "left out, because no image has the 'image_id'")
        for identifier in order where !annotated.contains(identifier) {
            guard let picture = pictures[identifier] else { continue }
            try? assembler.add(
                image: picture.path,
                mask: MaskConvention.mask(ofPicture: picture.path, beside: [source.root], source.lookup),
                size: picture.size)
        }
        return assembler.dataset
    }

    /// Folders beside the file: COCO keeps `annotations/instances_val2017.json` beside `val2017`.
    private static func places(of path: String) -> [String] {
        let folder = DatasetSource.parent(of: path)
        let split = DatasetSource.stem(of: path).split(separator: "_").last.map(String.init) ?? ""
        return [folder, "\(folder)/images", "\(folder)/../images", "\(folder)/../\(split)", "\(folder)/.."]
    }
}

/// The parts of the file that are read.
private struct COCOFile: Decodable {
    var images: [Lenient<Image>]
    var annotations: [Lenient<Annotation>]?
    var categories: [Lenient<Category>]?
}

/// An element of a list that may be broken without breaking the list.
private struct Lenient<Value: Decodable>: Decodable {
    let value: Value?

    init(from decoder: any Decoder) throws { value = try? Value(from: decoder) }
}

/// A number in most files, a text in some.
private enum Identifier: Decodable, Hashable {
    case number(Int)
    case text(String)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }
}

private struct Category: Decodable {
    var id: Identifier
    var name: String
}

private struct Image: Decodable {
    var id: Identifier
    var file: String
    var width: Double?
    var height: Double?

    enum CodingKeys: String, CodingKey {
        case id, width, height
        case file = "file_name"
    }

    func size() throws(EntryProblem) -> PixelSize? {
        guard let width, let height else { return nil }
        return try PixelSize(checking: width, height)
    }
}

private struct Annotation: Decodable {
    var image: Identifier
    var category: Identifier
    var box: [Double]
    var isCrowd: Int?

    enum CodingKeys: String, CodingKey {
        case image = "image_id"
        case category = "category_id"
        case box = "bbox"
        case isCrowd = "iscrowd"
    }

    func box(_ name: String, within size: PixelSize?) throws(EntryProblem) -> AnnotatedBox {
        guard box.count == 4 else { throw .broken("'bbox' has \(box.count) numbers, not x, y, width and height") }
        return try AnnotatedBox(
            checking: .name(name), left: box[0], top: box[1], right: box[0] + box[2], bottom: box[1] + box[3],
            isDifficult: isCrowd == 1, within: size)
    }
}
