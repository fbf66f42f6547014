import Foundation
public import Imaging
public import Tensors

import enum Archives.RegularFile

/// What an input of a model holds besides the photograph that is explained.
public struct GivenInput: Sendable {
    /// The kinds of it.
    public enum Content: Sendable {
        /// A tensor, as it is.
        case tensor(AnyTensor)
        /// A picture, which is prepared as the photograph is, for that input's own size.
        case picture(Picture)
        /// A number at every place.
        case number(Double)
    }

    /// What it holds.
    public let content: Content
    /// How it was written: a path, or a number.
    public let text: String

    /// An input that holds this.
    public init(_ content: Content, text: String = "") {
        self.content = content
        self.text = text
    }

    /// A number (`0.5`, `true`), an array of NumPy, or a picture.
    ///
    /// - Throws: What the reader of the file says.
    public init(_ text: String) throws {
        self.text = text
        if let number = Double(text) ?? ["true": 1, "false": 0][text.lowercased()] {
            content = .number(number)
        } else if Self.isArray(text) {
            content = .tensor(try Numpy.read(path: text))
        } else {
            content = .picture(try Picture(contentsOf: text))
        }
    }

    /// Files of NumPy say so in their name or their first bytes.
    private static func isArray(_ path: String) -> Bool {
        if path.lowercased().hasSuffix(".npy") { return true }
        return (try? RegularFile.prefix(6, path: path)) == Data([0x93] + Array("NUMPY".utf8))
    }
}
