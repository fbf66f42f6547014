public import Foundation
public import Tensors

/// One result, with what it was computed from.
public struct StoredResult: Sendable, Hashable {
    /// The digest of everything that the result depends on.
    public var key: ContentHash
    /// The model's file, for people who read the database.
    public var model: String
    /// The picture's file.
    public var image: String
    /// The method with its parameters.
    public var method: String
    /// The metric with its parameters.
    public var metric: String
    /// The number, for people; nil where it does not exist.
    public var value: Double?
    /// The whole result as JSON.
    public var content: Data
    /// Seconds that it took.
    public var seconds: Double

    /// A result.
    public init(
        key: ContentHash, model: String, image: String, method: String, metric: String, value: Double?,
        content: Data, seconds: Double
    ) {
        self.key = key
        self.model = model
        self.image = image
        self.method = method
        self.metric = metric
        self.value = value
        self.content = content
        self.seconds = seconds
    }
}
