import Foundation
public import Tensors

/// Numbers in slices, rows and columns: a scan, a clip, a stack of pictures.
public struct Volume: Sendable, Hashable {
    /// As the file holds them: `[D, H, W]`, `[C, D, H, W]`, or a model's input `[1, C, D, H, W]` in its own order of axes.
    public let values: Tensor<Float>
    /// Whether the numbers are pictures' pixels, brought to 0...1.
    public let isPictures: Bool

    /// A volume of these numbers.
    /// - Throws: `ImagingError.invalidArgument` where there are not three to five axes, of which the first of five is 1.
    public init(_ values: Tensor<Float>, isPictures: Bool = false, name: String = "the volume") throws(ImagingError) {
        let shape = values.shape
        guard (3...5).contains(shape.rank), shape.count > 0, shape.rank < 5 || shape[0] == 1 else {
            throw .invalidArgument(
                what: "\(name) has the shape \(shape), which is no volume",
                advice: "give [D, H, W], [C, D, H, W] or the model's own [1, C, D, H, W]")
        }
        self.values = values
        self.isPictures = isPictures
    }

    /// Reads a volume: a `.npy` file, a `.npz` file of one array, or a folder whose pictures are the slices, by their names.
    public init(contentsOf path: String) throws {
        let place = URL(filePath: path).resolvingSymlinksInPath()
        if (try? place.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true {
            try self.init(slices: Self.pictures(in: path), name: path)
        } else if path.lowercased().hasSuffix(".npz") {
            let arrays = try NumpyArchive.read(path: path)
            guard arrays.count == 1, let array = arrays.first?.value else {
                throw ImagingError.invalidArgument(
                    what: "'\(path)' holds \(arrays.count) arrays (\(arrays.keys.sorted().joined(separator: ", ")))",
                    advice: "a volume is one array; save it alone")
            }
            try self.init(array.floatTensor, name: "'\(path)'")
        } else if path.lowercased().hasSuffix(".npy") {
            try self.init(Numpy.read(path: path).floatTensor, name: "'\(path)'")
        } else {
            throw ImagingError.invalidArgument(
                what: "'\(path)' is no volume",
                advice: "give a .npy or .npz file, a folder of slices, or the slices themselves with --stack")
        }
    }

    /// Reads pictures of one size as slices: `[D, H, W]` where all are grey, else `[3, D, H, W]`.
    public init(slices paths: [String], name: String) throws {
        let pictures = try paths.map { try Picture(contentsOf: $0) }
        guard let first = pictures.first else {
            throw ImagingError.invalidArgument(
                what: "'\(name)' holds no pictures", advice: "give a folder of JPEG, PNG or WebP files, a slice each")
        }
        if let stray = pictures.firstIndex(where: { ($0.width, $0.height) != (first.width, first.height) }) {
            throw ImagingError.invalidArgument(
                what:
                    "the slice '\(paths[stray])' has \(pictures[stray].width) x \(pictures[stray].height) pixels, and '\(paths[0])' \(first.width) x \(first.height)",
                advice: "slices of a volume have one size; resize or crop them")
        }
        let isGrey = pictures.allSatisfy(Self.isGrey)
        let lengths = [pictures.count, first.height, first.width]
        var elements: [Float] = []
        for channel in 0..<(isGrey ? 1 : 3) {
            for picture in pictures {
                for index in stride(from: channel, to: picture.pixels.count, by: 3) {
                    elements.append(Float(picture.pixels[index]) / 255)
                }
            }
        }
        try self.init(
            Tensor(shape: Shape((isGrey ? [] : [3]) + lengths), elements: elements), isPictures: true, name: name)
    }

    private static func isGrey(_ picture: Picture) -> Bool {
        let pixels = picture.pixels
        return stride(from: 0, to: pixels.count, by: 3).allSatisfy { (index: Int) -> Bool in
            let red = pixels[index]
            return pixels[index + 1] == red && pixels[index + 2] == red
        }
    }

    private static func pictures(in folder: String) throws -> [String] {
        let known: Set<String> = ["png", "jpg", "jpeg", "webp"]
        return try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { known.contains(URL(filePath: $0).pathExtension.lowercased()) && !$0.hasPrefix(".") }
            // slice2 comes before slice10.
            .sorted { $0.compare($1, options: [.numeric, .caseInsensitive]) == .orderedAscending }
            .map { "\(folder)/\($0)" }
    }
}
