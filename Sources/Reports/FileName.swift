/// Names of files, for titles: a path tells where a file lies, not what it is.
package enum FileName {
    /// The last part of a path.
    package static func of(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// A target whose arrays of NumPy go by their names: `mean(masks[1], /data/dog.npy)` is `mean(masks[1], dog.npy)`.
    package static func inTarget(_ text: String) -> String {
        var result = ""
        var word = ""
        for character in text + " " {
            if character.isWhitespace || ",()".contains(character) {
                result += word.lowercased().hasSuffix(".npy") ? of(word) : word
                result.append(character)
                word = ""
            } else {
                word.append(character)
            }
        }
        return String(result.dropLast())
    }
}
