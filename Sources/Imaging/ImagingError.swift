/// What can go wrong with a picture; `description` says what happened, where, and what to do next.
public enum ImagingError: Error, Sendable, Hashable {
    /// There is nothing at this path.
    case fileNotFound(path: String)
    /// The path names a folder.
    case isFolder(path: String)
    /// The system refused to read the file.
    case unreadable(path: String, reason: String)
    /// The file has no bytes.
    case emptyFile(name: String)
    /// The file is larger than `DecodingLimits.maximumFileBytes`.
    case fileTooLarge(name: String, maximumBytes: Int)
    /// The file is of none of the formats that are read.
    case unsupportedFormat(name: String, looksLike: String, advice: String)
    /// The header promises more pixels than `DecodingLimits.maximumPixels`.
    case tooManyPixels(name: String, width: Int, height: Int, maximum: Int)
    /// Decoding would take more memory than `DecodingLimits.maximumMemory`.
    case tooMuchMemory(name: String, width: Int, height: Int, maximumBytes: Int)
    /// The file ends before the picture does.
    case truncated(name: String, format: ImageFormat)
    /// The file breaks the rules of its format; `reason` comes from the decoder.
    case malformed(name: String, format: ImageFormat, reason: String)
    /// The picture cannot be expressed in the format; `reason` comes from the encoder.
    case encodingFailed(format: ImageFormat, width: Int, height: Int, reason: String)
    /// The file name's extension names no format that pictures are written in.
    case unknownExtension(path: String)
    /// The system refused to write the file.
    case unwritable(path: String, reason: String)
    /// A value that makes no sense where it was given.
    case invalidArgument(what: String, advice: String)
}
