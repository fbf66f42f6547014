public import Tensors

public import struct Foundation.Data

/// Something that runs ONNX models.
public protocol Engine: Sendable {
    /// What it is called, for reports: `ONNX Runtime`.
    var name: String { get }
    /// Its own version number: `1.31.1`.
    var version: String { get }
    /// What the values of one run may take; graphs that need more are refused.
    var memory: MemoryBudget { get }
    /// Makes a serialised ONNX model ready to run; fails with `RuntimeError` where the engine refuses it.
    func load(_ model: Data, options: ProgramOptions) throws -> any Program
}

extension Engine {
    /// What the machine has.
    public var memory: MemoryBudget { .ofMachine }
}

/// A model that is ready to run, on any number of threads at once.
public protocol Program: AnyObject, Sendable {
    /// What has to be given, in the model's order.
    var inputs: [ValueDescription] { get }
    /// What can be asked for, in the model's order, with the types and shapes that the engine inferred.
    var outputs: [ValueDescription] { get }
    /// Computes the named outputs, in the order asked for; `cancellation` ends it early with `RuntimeError.cancelled`.
    func run(
        _ inputs: [String: AnyTensor], outputs names: [String], cancellation: RunCancellation?
    ) throws -> [AnyTensor]
}

extension Program {
    /// Computes the named outputs, in the order asked for.
    public func run(_ inputs: [String: AnyTensor], outputs names: [String]) throws -> [AnyTensor] {
        try run(inputs, outputs: names, cancellation: nil)
    }

    /// Computes every output that is a tensor, by name.
    public func run(_ inputs: [String: AnyTensor]) throws -> [String: AnyTensor] {
        let names = outputs.filter { $0.elementType != nil }.map(\.name)
        return Dictionary(zip(names, try run(inputs, outputs: names)), uniquingKeysWith: { first, _ in first })
    }
}

/// How the engine prepares a model.
public struct ProgramOptions: Sendable, Hashable {
    /// How far the engine rewrites the graph before it runs.
    public var optimization: OptimizationLevel
    /// Whether memory between runs is kept for the next one: faster, but the peak stays allocated.
    public var keepsMemory: Bool
    /// Weights that the model declares as external data, by name; they are shared with the program, not copied.
    ///
    /// The engine takes them at creation, so they fold and are laid out for the kernels like weights inside the model.
    public var initializers: [String: AnyTensor]
    /// Whether the engine prepares the model as it does for everybody, with the passes that Gaze switches off because they change
    /// results: what a file that others load has to stand.
    public var isStock: Bool
    /// What a run's values may take where their sizes are not known beforehand; nil does not watch over it.
    public var memoryLimit: MemoryBudget?

    /// Options; the defaults are what a model that runs many times wants.
    public init(
        optimization: OptimizationLevel = .all, keepsMemory: Bool = true, initializers: [String: AnyTensor] = [:],
        isStock: Bool = false, memoryLimit: MemoryBudget? = nil
    ) {
        self.memoryLimit = memoryLimit
        self.isStock = isStock
        self.optimization = optimization
        self.keepsMemory = keepsMemory
        self.initializers = initializers
    }
}

/// How far the engine rewrites a graph; raw values are ONNX Runtime's.
public enum OptimizationLevel: Int32, Sendable, Hashable, CaseIterable {
    /// The graph runs as it is written.
    case off = 0
    /// Constant folding and removal of what has no effect.
    case basic = 1
    /// Fused operators, too.
    case extended = 2
    /// Layouts that suit this processor, too.
    case all = 99
}

/// The name, type and shape of a program's input or output.
public struct ValueDescription: Sendable, Hashable, CustomStringConvertible {
    /// The name in the model.
    public let name: String
    /// The type of the elements; nil for what is no tensor of numbers (see `typeName`).
    public let elementType: ElementType?
    /// The type in words: `f32`, `string`, `sequence`.
    public let typeName: String
    /// The length of each axis, nil where it may vary; nil as a whole where the rank is unknown.
    public let dimensions: [Int?]?

    /// A tensor of numbers.
    public init(name: String, elementType: ElementType, dimensions: [Int?]?) {
        self.init(name: name, elementType: elementType, typeName: "\(elementType)", dimensions: dimensions)
    }

    init(name: String, elementType: ElementType?, typeName: String, dimensions: [Int?]?) {
        self.name = name
        self.elementType = elementType
        self.typeName = typeName
        self.dimensions = dimensions
    }

    /// The shape, or nil where an axis or the rank may vary.
    public var shape: Shape? {
        guard let dimensions else { return nil }
        let known = dimensions.compactMap(\.self)
        return known.count == dimensions.count ? Shape(known) : nil
    }

    /// Whether a tensor of this shape fits.
    public func accepts(_ shape: Shape) -> Bool {
        guard let dimensions else { return true }
        return dimensions.count == shape.rank && zip(dimensions, shape.dimensions).allSatisfy { $0 == nil || $0 == $1 }
    }

    /// `f32[?, 3, 224, 224]`.
    public var description: String {
        guard let dimensions else { return typeName + "[…]" }
        return typeName + "[" + dimensions.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]"
    }
}
