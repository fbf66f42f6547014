import Tensors

/// A parameter that a method takes: its name, its default and how it is read, in one place for the catalogue and the method.
package struct MethodParameter<Value: Sendable>: Sendable {
    package let name: String
    package let defaultValue: Value
    package let defaultText: String
    package let meaning: String
    /// The value of a text; nil where it is none.
    private let read: @Sendable (String) throws -> Value?

    package init(
        _ name: String, _ defaultValue: Value, written defaultText: String, _ meaning: String,
        read: @escaping @Sendable (String) throws -> Value?
    ) {
        self.name = name
        self.defaultValue = defaultValue
        self.defaultText = defaultText
        self.meaning = meaning
        self.read = read
    }

    /// The catalogue's line.
    package var description: MethodDescription.Parameter {
        MethodDescription.Parameter(name: name, defaultValue: defaultText, meaning: meaning)
    }

    fileprivate func value(_ text: String, of method: String) throws(ExplanationError) -> Value {
        do {
            if let value = try read(text) { return value }
        } catch let error as ExplanationError {
            throw error
        } catch {
            throw .parameter(method: method, name: name, reason: "\(error)")
        }
        throw .parameter(method: method, name: name, reason: "'\(text)' is not what it takes: \(meaning)")
    }
}

extension MethodParameters {
    /// The value of a parameter: the one that is given, else the default.
    package mutating func value<Value>(_ parameter: MethodParameter<Value>) throws(ExplanationError) -> Value {
        guard let text = text(parameter.name) else { return parameter.defaultValue }
        return try parameter.value(text, of: method)
    }

    /// The value of a parameter that is given; nil where it is not.
    package mutating func optional<Value>(_ parameter: MethodParameter<Value>) throws(ExplanationError) -> Value? {
        guard let text = text(parameter.name) else { return nil }
        return try parameter.value(text, of: method)
    }
}

extension MethodParameter where Value == Int {
    /// A whole number within a range.
    package static func integer(
        _ name: String, _ defaultValue: Int, in range: ClosedRange<Int>, _ meaning: String
    ) -> MethodParameter {
        MethodParameter(
            name, defaultValue, written: "\(defaultValue)",
            "\(meaning); \(range.lowerBound) to \(range.upperBound)"
        ) { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension MethodParameter where Value == Double {
    /// A number within a range.
    package static func number(
        _ name: String, _ defaultValue: Double, in range: ClosedRange<Double>, _ meaning: String
    ) -> MethodParameter {
        MethodParameter(
            name, defaultValue, written: Self.short(defaultValue),
            "\(meaning); \(short(range.lowerBound)) to \(short(range.upperBound))"
        ) { text in
            Double(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    private static func short(_ number: Double) -> String {
        Int(exactly: number).map { abs($0) < 1_000_000 ? "\($0)" : "\(number)" } ?? "\(number)"
    }
}

extension MethodParameter where Value == Bool {
    /// `true` or `false`.
    package static func flag(_ name: String, _ defaultValue: Bool, _ meaning: String) -> MethodParameter {
        MethodParameter(name, defaultValue, written: "\(defaultValue)", "\(meaning); true or false") { Bool($0) }
    }
}

extension MethodParameter where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of several words.
    package static func choice(_ name: String, _ defaultValue: Value, _ meaning: String) -> MethodParameter {
        let words = Value.allCases.map(\.rawValue).joined(separator: ", ")
        return MethodParameter(name, defaultValue, written: defaultValue.rawValue, "\(meaning); one of \(words)") {
            Value(rawValue: $0)
        }
    }
}

extension MethodParameter where Value == Extent {
    /// Rows and columns: `15x15`, or `15` for a square.
    package static func extent(_ name: String, _ defaultValue: Extent, _ meaning: String) -> MethodParameter {
        MethodParameter(name, defaultValue, written: "\(defaultValue)", "\(meaning); HEIGHTxWIDTH, each 1 to 65536") {
            Extent($0)
        }
    }
}

extension MethodParameter where Value == Tensor<Float>? {
    /// A NumPy file; nothing by default.
    package static func file(_ name: String, _ meaning: String) -> MethodParameter {
        MethodParameter(name, nil, written: "none", "\(meaning); FILE.npy") { try Numpy.read(path: $0).floatTensor }
    }
}

extension MethodParameter where Value == String? {
    /// A word; nothing by default.
    package static func word(_ name: String, _ meaning: String) -> MethodParameter {
        MethodParameter(name, nil, written: "none", meaning) { $0.isEmpty ? nil : .some($0) }
    }
}

extension MethodParameter where Value == [String]? {
    /// Layers or tensors by name; nothing by default.
    package static func layers(_ meaning: String) -> MethodParameter {
        MethodParameter("layers", nil, written: "none", "\(meaning): layers or tensors, joined by | or +") { text in
            // A name may hold a +, so it separates only where nothing else does.
            let separator: Character = text.contains("|") ? "|" : "+"
            let names = text.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
            guard !names.contains("") else { return nil }
            return names
        }
    }
}

/// Rows and columns.
package struct Extent: Sendable, Hashable, CustomStringConvertible {
    package let height: Int
    package let width: Int

    package init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }

    /// `15x8`, or `15` for a square; nil where it is neither, or not between 1 and 65536.
    package init?(_ text: String) {
        let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(parts.count), let height = parts[0], let width = parts[parts.count - 1],
            (1...65536).contains(height), (1...65536).contains(width)
        else { return nil }
        (self.height, self.width) = (height, width)
    }

    package var description: String { "\(height)x\(width)" }
}
