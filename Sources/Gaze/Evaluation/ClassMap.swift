import Foundation
import Graphs

/// What a data set's classes are called by a model, where the names differ.
///
/// A text file with a line a class, `NAME = CLASS`: the data set's name, and an index or a name of the model's. Empty lines and
/// those that begin with `#` are left out.
public enum ClassMap {
    /// The model's class of each name in the file.
    ///
    /// - Parameters:
    ///   - names: The model's class names, where known.
    ///   - count: How many classes the model has; that of the names by default.
    public static func read(path: String, names: [String]?, count: Int? = nil) throws(GazeError) -> [String: Int] {
        let lines: [String]
        do { lines = try FileContents.lines(path: path) } catch {
            throw .classMap(path: path, reason: error.reason)
        }
        var classes: [String: Int] = [:]
        for (number, line) in lines.enumerated() {
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let sign = line.firstIndex(of: "=") else {
                throw .classMap(path: path, reason: "line \(number + 1) is not 'NAME = CLASS'")
            }
            let name = line[..<sign].trimmingCharacters(in: .whitespaces)
            let reference = line[line.index(after: sign)...].trimmingCharacters(in: .whitespaces)
            guard !name.isEmpty, !reference.isEmpty else {
                throw .classMap(path: path, reason: "line \(number + 1) is not 'NAME = CLASS'")
            }
            let index: Int
            do {
                index = try ClassNames.index(of: reference, names: names, count: count ?? names?.count ?? .max)
            } catch { throw .classMap(path: path, reason: "line \(number + 1): \(error)") }
            guard classes[name].map({ $0 == index }) ?? true else {
                throw .classMap(path: path, reason: "line \(number + 1) gives '\(name)' a second class")
            }
            classes[name] = index
        }
        return classes
    }
}
