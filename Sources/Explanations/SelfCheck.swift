/// A number by which a method judges its own result.
public struct SelfCheck: Sendable, Hashable, Codable {
    /// What was measured, in few words: `completeness gap`.
    public let name: String
    /// The number.
    public let value: Double
    /// What it means and what it should be.
    public let meaning: String

    package init(_ name: String, _ value: Double, _ meaning: String) {
        self.name = name
        self.value = value
        self.meaning = meaning
    }
}
