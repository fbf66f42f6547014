/// Why an ONNX file cannot be read or written.
public enum ONNXFormatError: Error, Sendable, Hashable {
    /// There is no such file.
    case missingFile(path: String)
    /// A folder, a pipe or a device stands where a file is needed.
    case notAFile(path: String)
    /// The system refuses to read the file.
    case unreadable(path: String, reason: String)
    /// The file is recognisably something else.
    case foreignFormat(path: String, format: ForeignFormat)
    /// The bytes are no ONNX message.
    case malformed(path: String, reason: String)
    /// The bytes are a message, but one without a graph.
    case noGraph(path: String)
    /// A tensor has elements that Gaze does not compute with.
    case elementType(tensor: String, type: String)
    /// A tensor's dimensions are negative or their product is beyond any memory.
    case dimensions(tensor: String, dimensions: [Int64])
    /// A tensor holds more or less data than its shape says; `unit` is "bytes" or "elements".
    case dataCount(tensor: String, expected: Int, found: Int, unit: String)
    /// A tensor is stored in pieces, which no exporter does.
    case segmented(tensor: String)
    /// A tensor points to a file that a model must not read.
    case externalLocation(tensor: String, location: String, reason: String)
    /// The file with a tensor's data is not beside the model.
    case missingExternalFile(tensor: String, location: String, folder: String)
    /// A tensor's place in its data file is no range of that file.
    case externalRange(tensor: String, location: String, offset: String, length: String, fileSize: Int)
    /// A model stands alone in memory where its data file would be needed.
    case noFolder(tensor: String, location: String)
    /// The model is beyond the 2 GiB that one ONNX file can hold.
    case tooLarge(path: String, byteCount: Int)
    /// The system refuses to write the file.
    case unwritable(path: String, reason: String)
}

extension ONNXFormatError: CustomStringConvertible {
    /// What is wrong, where, and what to do next.
    public var description: String {
        switch self {
        case .missingFile(let path):
            "There is no file \(path); check the name and the current folder."
        case .notAFile(let path):
            "\(path) is not a file; give the path of the .onnx file itself."
        case .unreadable(let path, let reason):
            "\(path) cannot be read: \(reason). Check its permissions."
        case .foreignFormat(let path, let format):
            "\(path) is not an ONNX model: it looks like \(format.name). \(format.advice)"
        case .malformed(let path, let reason):
            "\(path) is not a readable ONNX model: \(reason). Copy or export it again."
        case .noGraph(let path):
            "\(path) is not an ONNX model: it has no graph. Export the model to ONNX and give that file."
        case .elementType, .dimensions, .dataCount, .segmented: tensorDescription
        case .externalLocation, .missingExternalFile, .externalRange, .noFolder: externalDescription
        case .tooLarge(let path, let byteCount):
            "\(path) would have \(byteCount) bytes, and one ONNX file holds at most 2 GiB; "
                + "write its weights into a data file beside it."
        case .unwritable(let path, let reason):
            "\(path) cannot be written: \(reason). Check the folder, its permissions and the free space."
        }
    }

    private var tensorDescription: String {
        switch self {
        case .elementType(let tensor, let type):
            "Tensor \(tensor.quoted) has elements of type \(type), which Gaze does not read; "
                + "export the model with float32, float16 or bfloat16 weights."
        case .dimensions(let tensor, let dimensions):
            "Tensor \(tensor.quoted) has the impossible shape \(dimensions); the file is damaged, copy or export it again."
        case .dataCount(let tensor, let expected, let found, let unit):
            "Tensor \(tensor.quoted) has \(found) \(unit) where its shape needs \(expected); "
                + "the file is damaged, copy or export it again."
        case .segmented(let tensor):
            "Tensor \(tensor.quoted) is stored in segments, which Gaze does not read; export the model again."
        default: ""
        }
    }

    private var externalDescription: String {
        switch self {
        case .externalLocation(let tensor, let location, let reason):
            "Tensor \(tensor.quoted) wants its data from \(location.quoted), \(reason); "
                + "a model may only read files in its own folder. Keep the data file beside the model."
        case .missingExternalFile(let tensor, let location, let folder):
            "The model keeps the data of tensor \(tensor.quoted) in a second file, \(location.quoted), which is not in "
                + "\(folder); copy that file beside the model, under this name."
        case .externalRange(let tensor, let location, let offset, let length, let fileSize):
            "Tensor \(tensor.quoted) has its data at offset \(offset), length \(length) of \(location.quoted), "
                + "a file of \(fileSize) bytes; the two files do not belong together, copy or export both again."
        case .noFolder(let tensor, let location):
            "The model keeps the data of tensor \(tensor.quoted) in a second file, \(location.quoted), and was given without "
                + "a folder; give the path of the model, with that file beside it."
        default: ""
        }
    }
}

extension String {
    /// In quotes, cut to a length that a line can show; names in a file may be anything.
    fileprivate var quoted: String {
        let shown = count > 120 ? prefix(120) + "…" : self[...]
        return "“" + shown.map { $0.isNewline ? " " : String($0) }.joined() + "”"
    }
}
