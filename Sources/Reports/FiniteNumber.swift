/// A number of a record: JSON has no NaN and no infinity, and 0 in their place would be a lie, so they are null.
@propertyWrapper
public struct FiniteNumber: Sendable, Hashable, Codable {
    /// The number, nil where it is not finite.
    public let wrappedValue: Double?

    /// A number, nil for NaN and infinity.
    public init(wrappedValue: Double?) {
        self.wrappedValue = wrappedValue.flatMap { $0.isFinite ? $0 : nil }
    }

    /// Reads a number or null.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        wrappedValue = container.decodeNil() ? nil : try container.decode(Double.self)
    }

    /// Writes a number or null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
    }

    /// Why a number is missing: `NaN`, `infinity` or `-infinity`; nil for a finite one.
    public static func problem(_ number: Double) -> String? {
        number.isFinite ? nil : number.isNaN ? "NaN" : number > 0 ? "infinity" : "-infinity"
    }
}
