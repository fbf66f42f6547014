package import Foundation

/// A kind of file that people give in place of an ONNX model.
public enum ForeignFormat: Sendable, Hashable, CaseIterable {
    case empty
    case gitLFSPointer
    case webPage
    case json
    case xml
    case text
    case picture
    case archive
    case compressed
    case pickle
    case hdf5
    case numpy
    case safetensors
    case gguf
    case tensorFlowLite
    case ortFormat
    case zeros

    /// Recognises a file by its first bytes; nil where it may be an ONNX model.
    package init?(_ data: Data) {
        let head = [UInt8](data.prefix(512))
        guard !head.isEmpty else {
            self = .empty
            return
        }
        for (format, offset, magic) in Self.signatures where head.dropFirst(offset).starts(with: magic) {
            self = format
            return
        }
        if head.dropFirst(8).first == UInt8(ascii: "{"), head[4..<8].allSatisfy({ $0 == 0 }) {
            self = .safetensors
        } else if head.allSatisfy({ $0 == 0 }) {
            self = .zeros
        } else if let format = Self.recogniseText(head) {
            self = format
        } else {
            return nil
        }
    }

    private static let signatures: [(ForeignFormat, Int, [UInt8])] = [
        (.picture, 0, [0x89, 0x50, 0x4E, 0x47]), (.picture, 0, [0xFF, 0xD8, 0xFF]), (.picture, 0, Array("GIF8".utf8)),
        (.picture, 8, Array("WEBP".utf8)), (.archive, 0, [0x50, 0x4B, 0x03, 0x04]),
        (.archive, 257, Array("ustar".utf8)),
        (.compressed, 0, [0x1F, 0x8B]), (.compressed, 0, [0x28, 0xB5, 0x2F, 0xFD]),
        (.compressed, 0, [0xFD, 0x37, 0x7A, 0x58, 0x5A]), (.pickle, 0, [0x80, 0x02, 0x8A, 0x0A]),
        (.pickle, 0, [0x80, 0x02, 0x7D]), (.pickle, 0, [0x80, 0x04, 0x95]), (.hdf5, 0, [0x89, 0x48, 0x44, 0x46]),
        (.numpy, 0, [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]), (.gguf, 0, Array("GGUF".utf8)),
        (.tensorFlowLite, 4, Array("TFL3".utf8)), (.ortFormat, 4, Array("ORTM".utf8)),
        (.gitLFSPointer, 0, Array("version https://git-lfs".utf8)),
    ]

    /// Printable ASCII only is no model: a message of any length has control bytes.
    private static func recogniseText(_ head: [UInt8]) -> ForeignFormat? {
        let body = head.starts(with: [0xEF, 0xBB, 0xBF]) ? head.dropFirst(3) : head[...]
        let text = body.drop { [0x09, 0x0A, 0x0D, 0x20].contains($0) }
        let start = String(decoding: text.prefix(64), as: UTF8.self).lowercased()
        if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") { return .webPage }
        if start.hasPrefix("<?xml") { return .xml }
        guard body.allSatisfy({ (0x20..<0x7F).contains($0) || [0x09, 0x0A, 0x0D].contains($0) || $0 >= 0x80 }) else {
            return nil
        }
        return start.hasPrefix("{") || start.hasPrefix("[") ? .json : .text
    }

    /// What the file is, as the end of "it looks like …".
    var name: String {
        switch self {
        case .empty: "an empty file"
        case .gitLFSPointer: "a Git LFS pointer, a small text that stands for the real file"
        case .webPage: "a web page"
        case .json: "JSON"
        case .xml: "XML (an OpenVINO model, perhaps)"
        case .text: "text"
        case .picture: "a picture"
        case .archive: "a zip or tar archive (a PyTorch or Keras checkpoint, perhaps)"
        case .compressed: "a compressed file"
        case .pickle: "a PyTorch checkpoint or another pickle"
        case .hdf5: "an HDF5 file (Keras weights, perhaps)"
        case .numpy: "a NumPy array"
        case .safetensors: "a safetensors checkpoint"
        case .gguf: "a GGUF language model"
        case .tensorFlowLite: "a TensorFlow Lite model"
        case .ortFormat: "a model in ONNX Runtime's own .ort format"
        case .zeros: "a file of zeros, as an interrupted download leaves it"
        }
    }

    /// What to do about it: one sentence.
    var advice: String {
        switch self {
        case .empty, .zeros: "Copy or download it again."
        case .gitLFSPointer: "Fetch the real one with `git lfs pull`."
        case .webPage: "Download the file itself, not the page that shows it."
        case .json, .text: "Save the model in the binary format, with onnx.save."
        case .xml: "Give the ONNX file that it was converted from."
        case .picture: "The model comes first, then the pictures."
        case .archive: "Unpack it, or export its model with torch.onnx.export or tf2onnx."
        case .compressed: "Unpack it and give the .onnx file inside."
        case .pickle, .safetensors: "It has weights only: export the model with torch.onnx.export."
        case .hdf5, .tensorFlowLite: "Convert it with tf2onnx."
        case .numpy: "Give the .onnx file of the model."
        case .gguf: "Gaze explains vision models in ONNX."
        case .ortFormat: "Give the .onnx file that it was converted from."
        }
    }
}
