import Graphs
import Tensors
import TestSupport

/// How applications of each operator are drawn for `ElementwisePropertyTests`.
enum ElementwiseDraws {
    typealias Draw = ElementwisePropertyTests.Draw
    typealias Domain = ElementwisePropertyTests.Domain
    typealias Drawing = @Sendable (inout SeededGenerator) -> Draw

    static let operations = table.keys.sorted()

    static let table: [String: Drawing] = functions.merging(activations) { $1 }.merging(several) { $1 }
        .merging(normalisations) { $1 }

    static let functions: [String: Drawing] = [
        "Abs": unary(), "Acos": unary(.insideOne), "Asin": unary(.insideOne), "Asinh": unary(), "Atan": unary(),
        "Atanh": unary(.insideOne), "Cos": unary(), "Cosh": unary(), "Erf": unary(), "Exp": unary(),
        "Log": unary(.positive), "Neg": unary(), "Reciprocal": unary(.awayFromZero), "Sin": unary(), "Sinh": unary(),
        "Sqrt": unary(.positive), "Tan": unary(.insideOne), "Tanh": unary(),
    ]

    static let activations: [String: Drawing] = [
        "Celu": unary(attributes: { ["alpha": .float(eighths(4...16, &$0))] }),
        "Elu": unary(attributes: { ["alpha": .float(eighths(-4...16, &$0))] }),
        "Gelu": unary(attributes: { ["approximate": .string(Bool.random(using: &$0) ? "tanh" : "none")] }),
        "HardSigmoid": unary(attributes: { _ in ["alpha": .float(0.25), "beta": .float(0.5)] }),
        "LeakyRelu": unary(attributes: { ["alpha": .float(eighths(-8...16, &$0))] }),
        "Mish": unary(),
        "Selu": unary(attributes: { ["alpha": .float(eighths(4...16, &$0)), "gamma": .float(eighths(4...16, &$0))] }),
        "Shrink": unary(attributes: { ["lambd": .float(eighths(0...12, &$0)), "bias": .float(eighths(-8...8, &$0))] }),
        "Sigmoid": unary(), "Softplus": unary(), "Softsign": unary(),
        "ThresholdedRelu": unary(attributes: { ["alpha": .float(eighths(-12...12, &$0))] }),
    ]

    static let several: [String: Drawing] = [
        "Clip": { random in
            let shape = anyShape(&random)
            return Draw(shapes: Array([shape, [], []].prefix(Int.random(in: 1...3, using: &random))))
        },
        "Max": broadcasting(1...4), "Mean": broadcasting(1...4), "Min": broadcasting(1...4), "Sum": broadcasting(1...4),
        "PRelu": { random in
            let shape = anyShape(&random)
            return Draw(shapes: [shape, part(of: shape, &random)])
        },
        "Pow": { random in
            let shapes = broadcastShapes(2, &random)
            return Draw(shapes: shapes, domains: [.positive], constants: someConstant(of: 2, &random))
        },
    ]

    static let normalisations: [String: Drawing] = [
        "LayerNormalization": { random in
            let shape = Shape(
                (0..<Int.random(in: 1...3, using: &random)).map { _ in Int.random(in: 2...4, using: &random) })
            let axis = Int.random(in: 0..<shape.rank, using: &random)
            let parameters = Shape(Array(shape.dimensions[axis...]))
            let given = Bool.random(using: &random) ? axis : axis - shape.rank
            let shapes = [shape, parameters, parameters].prefix(Int.random(in: 2...3, using: &random))
            return Draw(shapes: Array(shapes), attributes: ["axis": .integer(given), "epsilon": .float(0.5)])
        },
        "GroupNormalization": { random in
            let groups = Int.random(in: 1...3, using: &random)
            let channels = groups * Int.random(in: 1...2, using: &random)
            let shape = image(channels: channels, &random)
            return Draw(
                shapes: [shape, [channels], [channels]],
                attributes: ["num_groups": .integer(groups), "epsilon": .float(0.5)])
        },
        "InstanceNormalization": { random in
            let channels = Int.random(in: 1...3, using: &random)
            return Draw(
                shapes: [image(channels: channels, &random), [channels], [channels]],
                attributes: ["epsilon": .float(0.5)])
        },
        "BatchNormalization": { random in
            let channels: Shape = [Int.random(in: 1...3, using: &random)]
            return Draw(
                shapes: [image(channels: channels.count, &random), channels, channels, channels, channels],
                domains: [.real, .real, .real, .real, .positive])
        },
        "MeanVarianceNormalization": { random in
            let shape = image(channels: Int.random(in: 2...3, using: &random), &random)
            return Draw(shapes: [shape], domains: [.awayFromZero], attributes: ["axes": .integers([-1, 1])])
        },
        "LpNormalization": { random in
            let shape = anyShape(minimumRank: 1, &random)
            let axis = Int.random(in: -shape.rank..<shape.rank, using: &random)
            return Draw(
                shapes: [shape], domains: [.awayFromZero],
                attributes: ["axis": .integer(axis), "p": .integer(Int.random(in: 1...2, using: &random))])
        },
    ]

    // MARK: Drawing

    static func unary(
        _ domain: Domain = .real,
        attributes: @escaping @Sendable (inout SeededGenerator) -> [String: Attribute] = { _ in [:] }
    ) -> Drawing {
        { random in Draw(shapes: [anyShape(&random)], domains: [domain], attributes: attributes(&random)) }
    }

    static func broadcasting(_ counts: ClosedRange<Int>) -> Drawing {
        { random in
            let count = Int.random(in: counts, using: &random)
            return Draw(shapes: broadcastShapes(count, &random), constants: someConstant(of: count, &random))
        }
    }

    static func eighths(_ range: ClosedRange<Int>, _ random: inout SeededGenerator) -> Float {
        Float(Int.random(in: range, using: &random)) / 8
    }

    /// At most 24 elements in up to four axes.
    static func anyShape(minimumRank: Int = 0, _ random: inout SeededGenerator) -> Shape {
        let rank = Int.random(in: minimumRank...4, using: &random)
        var shape = Shape((0..<rank).map { _ in Int.random(in: 1...4, using: &random) })
        for axis in 0..<rank where shape.count > 24 { shape.dimensions[axis] = 1 }
        return shape
    }

    /// A sample or two with channels and up to two further axes.
    static func image(channels: Int, _ random: inout SeededGenerator) -> Shape {
        let spatial = (0..<Int.random(in: 1...2, using: &random)).map { _ in Int.random(in: 2...3, using: &random) }
        return Shape([Int.random(in: 1...2, using: &random), channels] + spatial)
    }

    /// A shape that is broadcast to `shape`: leading axes dropped, some others of length 1.
    static func part(of shape: Shape, _ random: inout SeededGenerator) -> Shape {
        let kept = shape.dimensions.suffix(Int.random(in: 0...shape.rank, using: &random))
        return Shape(kept.map { Int.random(in: 0...2, using: &random) == 0 ? 1 : $0 })
    }

    static func broadcastShapes(_ count: Int, _ random: inout SeededGenerator) -> [Shape] {
        let shape = anyShape(&random)
        return (0..<count).map { _ in part(of: shape, &random) }
    }

    /// Sometimes one of several operands is a constant.
    static func someConstant(of count: Int, _ random: inout SeededGenerator) -> Set<Int> {
        count > 1 && Bool.random(using: &random) ? [Int.random(in: 0..<count, using: &random)] : []
    }
}
