import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// Masks that an optimiser finds: adjoints by finite differences, closed forms on a linear model, PyTorch's values.
@Suite struct MaskOptimisationTests {
    // MARK: PyTorch

    @Test(arguments: [
        (
            "meaningful-perturbation:grid=5,iterations=12,l1=1,tv=0.2,beta=3,noise=0,jitter=0,baseline=baseline.npy",
            "meaningful-perturbation"
        ),
        (
            "extremal-perturbation:grid=8,radius=0.15,area=0.2,iterations=12,baseline=baseline.npy",
            "extremal-perturbation"
        ),
        ("fgvis:iterations=6,stop=0", "fgvis.deletion.true"),
        ("fgvis:iterations=6,stop=0,gate=false", "fgvis.deletion.false"),
        ("fgvis:game=preservation,iterations=6", "fgvis.preservation.true"),
        ("fgvis:game=preservation,iterations=6,gate=false", "fgvis.preservation.false"),
        ("fgvis:game=generation,iterations=6,stop=0", "fgvis.generation.true"),
        ("fgvis:game=generation,iterations=6,stop=0,gate=false", "fgvis.generation.false"),
        ("fgvis:game=repression,iterations=6", "fgvis.repression.true"),
        ("fgvis:game=repression,iterations=6,gate=false", "fgvis.repression.false"),
    ])
    func masksEqualPyTorchs(_ method: String, _ key: String) throws {
        let fixture = try PerturbationTests.Fixture()
        let found = try fixture.attribute(method)
        let expected = try fixture.array(key).floatTensor
        #expect(found.values.shape == expected.shape)
        #expect(try relativeError(found.values, expected) <= 2e-3)
        // One sample of two is explained as it is alone.
        #expect(try fixture.attribute(method, sample: 1).values.slice(0) == found.values.slice(1))
    }

    @Test func noiseHasASeed() throws {
        let fixture = try PerturbationTests.Fixture()
        let method = "meaningful-perturbation:grid=4,iterations=5,baseline=0"
        let first = try fixture.attribute(method).values
        #expect(try fixture.attribute(method).values == first)
        #expect(try fixture.attribute(method + ",seed=1").values != first)
    }

    @Test func aBaselineOfTheSameScoreIsRefusedInOneSentence() throws {
        let fixture = try PerturbationTests.Fixture()
        try TemporaryFolder.with { folder in
            let path = folder + "/same.npy"
            try Numpy.write(fixture.array("input"), path: path)
            for method in ["meaningful-perturbation", "extremal-perturbation", "fgvis"] {
                #expect(throws: ExplanationError.self) { try fixture.attribute("\(method):baseline=\(path)") }
            }
        }
    }

    @Test func anOptimisationThatRunsOutOfTimeKeepsItsMask() throws {
        let fixture = try PerturbationTests.Fixture()
        for method in ["meaningful-perturbation", "extremal-perturbation", "fgvis:stop=0"] {
            let found = try fixture.attribute(method, settings: RunSettings(time: .zero))
            #expect(found.values.elements.allSatisfy { $0 >= 0 && $0 <= 1 })
            #expect(found.notes.contains { $0.contains("the time was up") })
        }
    }

    // MARK: A linear model

    /// `S = Σ w x` for `x` of shape `[1, 1, 4, 4]`, all 1, and weights that sum to 1; beside it a class of a fixed score.
    private func explain(
        _ method: String, rival: Float? = nil, target: Target = .classIndex(0)
    ) throws -> Tensor<Float> {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [1, 1, 4, 4].map { .fixed($0) })
        let flat = graph.append("Flatten", [x], name: "flat")[0]
        let weight = graph.addConstant(AnyTensor(try Tensor(shape: [16, 1], elements: Self.weights)), name: "w")
        var result = graph.append("MatMul", [flat, weight], name: "sum")[0]
        if let rival {
            let other = graph.addConstant(AnyTensor(Tensor<Float>(repeating: rival, shape: [1, 1])), name: "rival")
            result = graph.append("Concat", [result, other], attributes: ["axis": .integer(1)], name: "y")[0]
        }
        graph.outputs = [Graph.Output(name: "y", value: result)]
        return try Toys.attributor(graph).attribute(
            inputs: ["x": AnyTensor(Tensor<Float>(repeating: 1, shape: [1, 1, 4, 4]))], target: target,
            methods: [MethodSpecification(parsing: method)])[0].values
    }

    /// Multiples of 1/32 from -0.125 up, in mixed order.
    static let weights: [Float] = (0..<16).map { Float(($0 * 7) % 16) / 32 - 5.5 / 32 }

    @Test func theSmallestMaskOfALinearModelDeletesWhatCostsMoreThanItsArea() throws {
        // s(m) + l1 mean(1 - m) is linear in m: a place is deleted where its share w / Σ w exceeds l1 / 16.
        let sum = Self.weights.reduce(0, +)
        for area: Float in [3.5, 4, 4.5] {
            let map = try explain("meaningful-perturbation:grid=4,l1=\(area),tv=0,noise=0,jitter=0,baseline=0")
            let expected = Self.weights.map { $0 / sum > area / 16 ? Float(1) : 0 }
            #expect(zip(map.elements, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(area)")
            // FGVis' games have the same optimum; those without an early end reach it.
            let deletion = try explain("fgvis:lambda=\(area),stop=0,iterations=2000,rate=0.5")
            let preservation = try explain("fgvis:game=preservation,lambda=\(area),iterations=2000,rate=0.5")
            // Deletion ends below the score 0, so only its direction is sure.
            for (found, expected) in zip(deletion.elements, expected) where expected == 0 { #expect(found == 0) }
            #expect(preservation.elements == expected, "\(area)")
        }
    }

    @Test func nothingIsGainedBelowTheBaselinesScore() throws {
        // The weights above 0.5 / 16 sum to 1.55: a mask that took them all away would end at -0.55.
        let map = try explain("meaningful-perturbation:grid=4,l1=0.5,tv=0,noise=0,jitter=0,baseline=0,rate=0.01")
        let left = 1 - zip(map.elements, Self.weights).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(left) < 0.05)
        for (found, weight) in zip(map.elements, Self.weights) where weight < 0 { #expect(found == 0) }
    }

    @Test(arguments: [0.2, 0.35, 0.5]) func theLargestWeightThatReachesTheGoalIsFound(_ stop: Double) throws {
        // The smallest mask that keeps 1 - stop of the score: the largest weights, the last of them in part.
        var expected = [Float](repeating: 0, count: 16)
        var missing = Float(1 - stop)
        for place in Self.weights.indices.sorted(by: { Self.weights[$0] > Self.weights[$1] }) where missing > 0 {
            expected[place] = min(missing / Self.weights[place], 1)
            missing -= expected[place] * Self.weights[place]
        }
        let map = try explain("fgvis:game=preservation,search=24,stop=\(stop),iterations=150,rate=0.5")
        for (found, expected) in zip(map.elements, expected) { #expect(abs(found - expected) < 1e-3) }
    }

    @Test func anOptimisationCanEndWhereTheHighestClassChanges() throws {
        // The other class has a score of 0.4: below it, the scaled score is 0.4 of the picture's.
        func map(_ method: String) throws -> Tensor<Float> { try explain(method, rival: 0.4) }
        for options in ["rate=0.02", "rate=0.02,search=4"] {
            #expect(try map("fgvis:until=switch,\(options)") == map("fgvis:stop=0.4,\(options)"))
            #expect(try map("fgvis:until=switch,\(options)") != map("fgvis:stop=0.5,\(options)"))
            let generation = "fgvis:game=generation,\(options)"
            #expect(try map("\(generation),until=switch") == map("\(generation),stop=0.6"))
        }
        #expect(throws: ExplanationError.self) {
            try explain("fgvis:until=switch", rival: 0.4, target: .energy(.elements(.number(0), .whole)))
        }
    }

    @Test(arguments: [0.25, 0.5]) func theExtremalMaskOfALinearModelHoldsTheLargestWeights(_ area: Double) throws {
        let map = try explain("extremal-perturbation:grid=4,radius=0.01,area=\(area),baseline=0")
        let count = Int(area * 16)
        let bound = Self.weights.sorted(by: >)[count - 1]
        for (found, weight) in zip(map.elements, Self.weights) { #expect((found > 0.5) == (weight >= bound)) }
        #expect(abs(map.elements.reduce(0, +) / 16 - Float(area)) < 0.05)
    }

    @Test func fGVisEndsWhereTheScoreHasFallen() throws {
        let fixture = try PerturbationTests.Fixture()
        let strict = try fixture.attribute("fgvis:stop=0.3", sample: 0)
        let loose = try fixture.attribute("fgvis:stop=0.7", sample: 0)
        let scores = [strict, loose].map { $0.checks[0][1].value }
        #expect(scores[0] < 0.3 && scores[1] < 0.7 && scores[1] > scores[0])
        #expect(strict.checks[0][2].value > loose.checks[0][2].value)
    }

    // MARK: Adjoints

    private func random(_ count: Int, _ generator: inout SeededGenerator) -> [Double] {
        (0..<count).map { _ in generator.nextUniform() }
    }

    /// The gradient of `value` at a point by central differences.
    private func differences(at point: [Double], step: Double = 1e-5, _ value: ([Double]) -> Double) -> [Double] {
        point.indices.map { index in
            var (above, below) = (point, point)
            above[index] += step
            below[index] -= step
            return (value(above) - value(below)) / (2 * step)
        }
    }

    private func isClose(_ found: [Double], _ expected: [Double]) -> Bool {
        let largest = expected.reduce(0) { max($0, abs($1)) }
        return found.count == expected.count && largest > 0
            && zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 * largest }
    }

    @Test func smoothMaximaHaveTheirGradient() {
        var generator = SeededGenerator(seed: 2)
        let discs = SmoothMaximum(height: 5, width: 7, radius: 1.3)
        let (cells, weights) = (random(35, &generator), random(35, &generator))
        let expected = differences(at: cells) { cells in
            zip(discs.value(of: cells), weights).reduce(0) { $0 + $1.0 * $1.1 }
        }
        #expect(isClose(discs.adjoint(of: weights, at: cells), expected))
        // A smooth maximum of nothing but one cell is that cell, and the disc's plateau has the cell's value.
        #expect(SmoothMaximum(height: 1, width: 1, radius: 1).value(of: [0.4]) == [0.4])
    }

    @Test func areaConstraintsHaveTheirGradient() {
        var generator = SeededGenerator(seed: 3)
        let map = random(20, &generator)
        let constraint = AreaConstraint(area: 0.3)
        #expect(isClose(constraint.value(of: map).gradient, differences(at: map) { constraint.value(of: $0).value }))
        // Six ones of twenty fulfil it.
        let exact = (0..<20).map { $0 % 3 == 1 && $0 < 18 ? 1.0 : 0 }
        #expect(constraint.value(of: exact).value == 0)
    }

    @Test(arguments: [1.0, 2, 3]) func roughnessHasItsGradient(_ exponent: Double) {
        var generator = SeededGenerator(seed: 4)
        let map = random(24, &generator)
        let roughness = TotalVariation(exponent: exponent)
        let expected = differences(at: map) { roughness.value(of: $0, height: 4, width: 6).value }
        #expect(isClose(roughness.value(of: map, height: 4, width: 6).gradient, expected))
    }

    @Test(arguments: MapInterpolation.allCases) func enlargingHasItsAdjoint(_ interpolation: MapInterpolation) throws {
        var generator = SeededGenerator(seed: 5)
        let rows = MapTaps.resizing(from: 3, to: 11, by: interpolation)
        let columns = MapTaps.resizing(from: 4, to: 6, by: interpolation)
        let (cells, weights) = (random(12, &generator), random(66, &generator))
        let enlarged = try Tensor(shape: [3, 4], elements: cells.map { Float($0) })
            .resampled(rows: rows, columns: columns)
        // <A x, y> = <x, Aᵀ y>
        let left = zip(enlarged.elements, weights).reduce(0) { $0 + Double($1.0) * $1.1 }
        let back = MapTaps.adjoint(rows: rows, columns: columns, of: weights, height: 3, width: 4)
        let right = zip(cells, back).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(left - right) < 1e-5 * abs(left))
    }
}
