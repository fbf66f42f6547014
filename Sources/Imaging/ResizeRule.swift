/// How a photograph of any size becomes a picture of the model's size.
///
/// Its text form is what `--resize` and a sidecar hold: `squash:224x224`, `crop:224x224,short=256`,
/// `letterbox:640x640,fill=#727272,anchor=centre`; `squash:224` means 224x224.
public enum ResizeRule: Sendable, Hashable {
    /// Both sides are scaled to the size; the aspect ratio is lost.
    case squash(width: Int, height: Int)
    /// The short side is scaled to `shortSide`, the long one to `Int(shortSide * long / short)` (torchvision's
    /// `Resize`), then the centre is cut out (torchvision's `CenterCrop`, black where the picture is too small).
    case crop(width: Int, height: Int, shortSide: Int)
    /// The whole picture is scaled to fit, rounded to pixels, and the rest is filled.
    case letterbox(width: Int, height: Int, fill: Colour, anchor: Anchor)

    /// Where a letterbox puts the picture.
    public enum Anchor: String, Sendable, Hashable, Codable, CaseIterable {
        /// Right and lower side are filled.
        case topLeft = "top-left"
        /// Opposite sides are filled alike; an odd pixel goes to the right or below.
        case centre
    }

    /// A centre crop of `size / ratio`: 0.875 scales the short side to 256 and cuts out 224.
    public static func crop(width: Int, height: Int, ratio: Double) -> ResizeRule {
        let shortSide = (Double(min(width, height)) / ratio).rounded()
        return .crop(width: width, height: height, shortSide: Int(exactly: shortSide) ?? min(width, height))
    }

    /// The width of the model's input.
    public var width: Int {
        switch self {
        case .squash(let width, _), .crop(let width, _, _), .letterbox(let width, _, _, _): width
        }
    }

    /// The height of the model's input.
    public var height: Int {
        switch self {
        case .squash(_, let height), .crop(_, let height, _), .letterbox(_, let height, _, _): height
        }
    }

    /// The same rule for another size; a crop keeps the ratio of its sides.
    public func withSize(width newWidth: Int, height newHeight: Int) -> ResizeRule {
        switch self {
        case .squash:
            return .squash(width: newWidth, height: newHeight)
        case .crop(let width, let height, let shortSide):
            guard (width, height) != (newWidth, newHeight), shortSide > 0 else { return self }
            return .crop(width: newWidth, height: newHeight, ratio: Double(min(width, height)) / Double(shortSide))
        case .letterbox(_, _, let fill, let anchor):
            return .letterbox(width: newWidth, height: newHeight, fill: fill, anchor: anchor)
        }
    }
}

extension ResizeRule: CustomStringConvertible {
    /// The text form, which `init(text:)` reads back.
    public var description: String {
        switch self {
        case .squash(let width, let height): "squash:\(width)x\(height)"
        case .crop(let width, let height, let shortSide): "crop:\(width)x\(height),short=\(shortSide)"
        case .letterbox(let width, let height, let fill, let anchor):
            "letterbox:\(width)x\(height),fill=\(fill),anchor=\(anchor.rawValue)"
        }
    }

    /// The rule that a text names.
    /// - Throws: `ImagingError.invalidArgument` with the forms that exist.
    public init(text: String) throws(ImagingError) {
        let malformed = ImagingError.invalidArgument(
            what: "\"\(text)\" is not a way to resize a picture",
            advice: "write squash:224x224, crop:224x224,short=256 or letterbox:640x640,fill=#727272,anchor=centre")
        let halves = text.split(separator: ":", maxSplits: 1)
        guard halves.count == 2 else { throw malformed }
        let fields = halves[1].split(separator: ",").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        let sides = fields.first?.first?.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) } ?? []
        guard let width = sides.first ?? nil, let height = sides.last ?? nil, sides.count <= 2, fields[0].count == 1
        else { throw malformed }
        var settings: [String: String] = [:]
        for field in fields.dropFirst() {
            guard field.count == 2, settings.updateValue(field[1], forKey: field[0]) == nil else { throw malformed }
        }
        switch (String(halves[0]), Set(settings.keys)) {
        case ("squash", []):
            self = .squash(width: width, height: height)
        case ("crop", let keys) where keys.isSubset(of: ["short"]):
            guard let shortSide = settings["short"].map({ Int($0) }) ?? min(width, height) else { throw malformed }
            self = .crop(width: width, height: height, shortSide: shortSide)
        case ("letterbox", let keys) where keys.isSubset(of: ["fill", "anchor"]):
            guard let fill = Colour(hexadecimal: settings["fill"] ?? "#000000"),
                let anchor = Anchor(rawValue: settings["anchor"] ?? "centre")
            else { throw malformed }
            self = .letterbox(width: width, height: height, fill: fill, anchor: anchor)
        default:
            throw malformed
        }
    }
}

extension ResizeRule: Codable {
    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        try self.init(text: decoder.singleValueContainer().decode(String.self))
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
