import Evaluation
import Explanations
import Foundation
import Tensors
import Testing

/// Moments of what initialisers draw against closed forms.
@Suite struct InitialiserTests {
    typealias Role = TrainableTensor.Role

    private func tensor(_ role: Role, fanIn: Int = 1, _ values: Tensor<Float>) -> TrainableTensor {
        TrainableTensor(name: "w", role: role, fanIn: fanIn, values: AnyTensor(values))
    }

    private func drawn(_ initialiser: Initialiser, _ tensor: TrainableTensor, seed: UInt64 = 1) -> [Double] {
        var generator = SeededGenerator(seed: seed)
        return initialiser.drawn(tensor, using: &generator).floats.map(Double.init)
    }

    private func moment(_ values: [Double], _ order: Int, around centre: Double = 0) -> Double {
        values.reduce(0) { $0 + pow($1 - centre, Double(order)) } / Double(values.count)
    }

    /// 40 000 draws: deviations of moments from their expectation are of the order of 1/200.
    static let many = Tensor<Float>(repeating: 1, shape: [200, 200])

    @Test(arguments: [(Initialiser.byKind, Role.kernel, 2.0), (.kaiming, .kernel, 2), (.kaiming, .matrix, 2)])
    func rectifiersKeepTheSizeOfSignals(_ initialiser: Initialiser, _ role: Role, _ gain: Double) {
        let values = drawn(initialiser, tensor(role, fanIn: 50, Self.many))
        let variance = gain / 50
        #expect(abs(moment(values, 1)) < 4 * (variance / 40_000).squareRoot())
        // The fourth moment of a normal distribution is 3; its estimate deviates by sqrt(96 / n).
        #expect(abs(moment(values, 2) / variance - 1) < 4 * (2.0 / 40_000).squareRoot())
        #expect(abs(moment(values, 4) / (variance * variance) - 3) < 4 * (96.0 / 40_000).squareRoot())
    }

    @Test(arguments: [
        (Initialiser.truncatedNormal(deviation: nil), Role.kernel, 1.0 / 50),
        (.truncatedNormal(deviation: 0.1), .kernel, 0.01), (.truncatedNormal(deviation: 0.1), .embedding, 0.01),
        (.byKind, .matrix, 1.0 / 50), (.byKind, .embedding, 0.0004), (.kaiming, .embedding, 0.0004),
    ])
    func truncatedNormalsAreCutAtTwoDeviationsOfTheUncut(_ initialiser: Initialiser, _ role: Role, _ variance: Double) {
        let values = drawn(initialiser, tensor(role, fanIn: 50, Self.many))
        #expect(abs(moment(values, 1)) < 4 * (variance / 40_000).squareRoot())
        #expect(abs(moment(values, 2) / variance - 1) < 4 * (2.0 / 40_000).squareRoot())
        // The variance of the standard normal distribution cut at ±2 is 1 - 4 φ(2) / (2 Φ(2) - 1).
        let density = exp(-2.0) / (2 * Double.pi).squareRoot()
        let cut = (1 - 4 * density / erf(2 / 2.0.squareRoot())).squareRoot()
        #expect(abs(Initialiser.deviationWithinTwo - cut) < 1e-12)
        let end = 2 * variance.squareRoot() / cut
        let farthest = values.map(abs).max() ?? 0
        #expect(farthest <= end * (1 + 1e-6) && farthest > 0.98 * end)
    }

    @Test func ownKeepsMeanAndDeviation() {
        var source = Tensor<Float>(repeating: 0, shape: [200, 200])
        source.mutateElements { elements in for index in elements.indices { elements[index] = index % 2 == 0 ? 1 : 4 } }
        for role in [Role.kernel, .matrix, .bias, .scale, .slope, .embedding] {
            let values = drawn(.own, tensor(role, fanIn: 50, source))
            #expect(abs(moment(values, 1) - 2.5) < 4 * 1.5 / 200)
            #expect(abs(moment(values, 2, around: 2.5) / 2.25 - 1) < 4 * (2.0 / 40_000).squareRoot())
        }
        #expect(drawn(.own, tensor(.bias, Tensor(repeating: 3, shape: [9]))) == [Double](repeating: 3, count: 9))
    }

    @Test(arguments: [Initialiser.byKind, .kaiming, .truncatedNormal(deviation: nil), .truncatedNormal(deviation: 0.1)])
    func whatIsNoWeightStartsWhereTrainingStarts(_ initialiser: Initialiser) {
        let source = Tensor<Float>(repeating: 7, shape: [3])
        let expected: [(Role, Double)] = [(.bias, 0), (.scale, 1), (.slope, 0.25), (.mean, 0), (.variance, 1)]
        for (role, value) in expected {
            #expect(drawn(initialiser, tensor(role, source)) == [value, value, value])
        }
        #expect(
            drawn(.own, tensor(.mean, source)) == [0, 0, 0] && drawn(.own, tensor(.variance, source)) == [1, 1, 1])
    }

    @Test func typesAndShapesStay() throws {
        let half = AnyTensor(Tensor<Float>(repeating: 1, shape: [4, 3])).converted(to: .float16)
        var generator = SeededGenerator(seed: 0)
        let drawn = Initialiser.byKind.drawn(
            TrainableTensor(name: "w", role: .matrix, fanIn: 4, values: half), using: &generator)
        #expect(drawn.elementType == .float16 && drawn.shape == [4, 3])
    }

    // MARK: Words

    @Test(arguments: ["by-kind", "kaiming", "own", "truncated-normal", "truncated-normal:deviation=0.1"])
    func textsComeBack(_ text: String) throws {
        #expect(try Initialiser(parsing: text).text == text)
    }

    @Test(arguments: [
        "", "normal", "kaiming:deviation=1", "truncated-normal:deviation=0", "truncated-normal:deviation=-1",
        "truncated-normal:deviation=nan", "truncated-normal:deviation=inf", "truncated-normal:deviation=1e9",
        "truncated-normal:sigma=1", "truncated-normal:deviation=x",
    ])
    func otherTextsAreOneSentence(_ text: String) {
        #expect(throws: EvaluationError.self) { try Initialiser(parsing: text) }
    }
}
