import Explanations
import Foundation
package import Tensors

/// What fresh parameters are drawn from.
///
/// Biases become 0, scales 1 and slopes 0.25, as all common initialisers have it, but for `own`. Weights are normal with mean 0:
///
/// - `by-kind`: what the kind of layer is trained with: kernels of convolutions as `kaiming`, matrices as `truncated-normal`,
///   embeddings with deviation 0.02.
/// - `truncated-normal`: cut at two deviations; the deviation that is left is √(1/fan-in), which keeps the size of signals (LeCun
///   et al. 1998), or the one that is given: the 0.1 of older networks makes deep ones overflow or die out.
/// - `kaiming`: deviation √(2/fan-in), which keeps it behind rectifiers (He et al. 2015).
/// - `own`: every tensor keeps its mean and its deviation, and is normal otherwise; what is constant stays.
///
/// Weights that are integers of a quantiser, whose scale stands elsewhere, keep their size (√(mean square)): steps of a quantiser have no
/// other that a kind of layer could tell.
public enum Initialiser: Sendable, Hashable {
    /// What the kind of layer is trained with.
    case byKind
    /// Normal, cut at two deviations; the deviation is √(1/fan-in) where none is given.
    case truncatedNormal(deviation: Double?)
    /// Normal with deviation √(2/fan-in).
    case kaiming
    /// Normal with the tensor's own mean and deviation.
    case own

    /// `NAME` or `truncated-normal:deviation=0.1`.
    public init(parsing text: String) throws(EvaluationError) {
        let problem = EvaluationError.parameter(
            kind: .metric, measure: "the initialiser '\(text)'", name: "initialiser",
            reason: "it is one of \(Self.names.joined(separator: ", ")), or truncated-normal:deviation=0.1")
        guard let specification = try? MethodSpecification(parsing: text) else { throw problem }
        let parameters = specification.parameters
        switch specification.name {
        case "truncated-normal":
            let deviation = parameters["deviation"].flatMap { Double($0) }
            guard parameters.keys.allSatisfy({ $0 == "deviation" }), (deviation != nil) == !parameters.isEmpty,
                deviation.map({ $0 > 0 && $0 <= 100 }) ?? true
            else { throw problem }
            self = .truncatedNormal(deviation: deviation)
        case "by-kind" where parameters.isEmpty: self = .byKind
        case "kaiming" where parameters.isEmpty: self = .kaiming
        case "own" where parameters.isEmpty: self = .own
        default: throw problem
        }
    }

    /// The names on the command line.
    public static let names = ["by-kind", "truncated-normal", "kaiming", "own"]

    /// As it is written.
    public var text: String {
        switch self {
        case .byKind: "by-kind"
        case .truncatedNormal(nil): "truncated-normal"
        case .truncatedNormal(let deviation?): "truncated-normal:deviation=\(deviation)"
        case .kaiming: "kaiming"
        case .own: "own"
        }
    }

    /// Fresh contents of a tensor; a statistic becomes that of a standard normal signal.
    ///
    /// - Parameter generator: The tensor's own stream: tensors that share one would be correlated.
    package func drawn(_ tensor: TrainableTensor, using generator: inout SeededGenerator) -> AnyTensor {
        let shape = tensor.values.shape
        let numbers: Tensor<Float>
        switch (self, tensor.role) {
        case (_, .mean): numbers = Tensor(repeating: 0, shape: shape)
        case (_, .variance): numbers = Tensor(repeating: 1, shape: shape)
        case (.own, _):
            let values = tensor.values.floats
            let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
            let variance = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count)
            numbers = Self.normal(shape, mean: mean, deviation: variance.squareRoot(), &generator)
        case (_, .kernel) where tensor.areLevels, (_, .matrix) where tensor.areLevels:
            let values = tensor.values.floats
            let square = values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)
            numbers = Self.normal(shape, mean: 0, deviation: square.squareRoot(), &generator)
        case (_, .bias): numbers = Tensor(repeating: 0, shape: shape)
        case (_, .scale): numbers = Tensor(repeating: 1, shape: shape)
        case (_, .slope): numbers = Tensor(repeating: 0.25, shape: shape)
        case (.truncatedNormal(let deviation?), _): numbers = Self.truncatedNormal(shape, deviation, &generator)
        case (_, .embedding): numbers = Self.truncatedNormal(shape, 0.02, &generator)
        case (.truncatedNormal(nil), _), (.byKind, .matrix):
            numbers = Self.truncatedNormal(shape, (1 / Double(tensor.fanIn)).squareRoot(), &generator)
        case (.kaiming, _), (.byKind, _):
            numbers = Self.normal(shape, mean: 0, deviation: (2 / Double(tensor.fanIn)).squareRoot(), &generator)
        }
        return AnyTensor(numbers).converted(to: tensor.values.elementType)
    }

    private static func normal(
        _ shape: Shape, mean: Double, deviation: Double, _ generator: inout SeededGenerator
    ) -> Tensor<Float> {
        var tensor = Tensor<Float>(repeating: 0, shape: shape)
        tensor.mutateElements { elements in
            for index in elements.indices { elements[index] = Float(mean + deviation * generator.nextNormal()) }
        }
        return tensor
    }

    /// The deviation of the standard normal distribution cut at ±2: √(1 - 4 φ(2) / (2 Φ(2) - 1)).
    package static let deviationWithinTwo = 0.879_625_661_034_239_8

    private static func truncatedNormal(
        _ shape: Shape, _ deviation: Double, _ generator: inout SeededGenerator
    ) -> Tensor<Float> {
        let factor = deviation / deviationWithinTwo
        var tensor = Tensor<Float>(repeating: 0, shape: shape)
        tensor.mutateElements { elements in
            for index in elements.indices {
                var number = generator.nextNormal()
                while abs(number) > 2 { number = generator.nextNormal() }
                elements[index] = Float(factor * number)
            }
        }
        return tensor
    }
}
