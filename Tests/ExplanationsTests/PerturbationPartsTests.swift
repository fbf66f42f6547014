import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import TestSupport
import Testing

/// What perturbation methods are made of: windows, superpixels, fillings, estimators.
@Suite struct PerturbationPartsTests {
    private func planes(_ height: Int, _ width: Int) throws -> PicturePlanes {
        try #require(PicturePlanes([1, 3, height, width]))
    }

    // MARK: Windows

    @Test func windowsStartAtMultiplesOfTheStrideUntilTheEndIsCovered() throws {
        let windows = Window.sliding(
            over: try planes(7, 10), size: Extent(height: 3, width: 4), stride: Extent(height: 3, width: 4))
        #expect(Set(windows.map(\.rows)) == [0..<3, 3..<6, 6..<7])
        #expect(Set(windows.map(\.columns)) == [0..<4, 4..<8, 8..<10])
        #expect(windows.count == 9)
    }

    @Test func aWindowLargerThanThePictureCoversItOnce() throws {
        let windows = Window.sliding(
            over: try planes(7, 10), size: Extent(height: 9, width: 65536), stride: Extent(height: 1, width: 1))
        #expect(windows == [Window(rows: 0..<7, columns: 0..<10)])
    }

    @Test func aStrideBeyondThePictureStaysInside() throws {
        let windows = Window.sliding(
            over: try planes(7, 10), size: Extent(height: 3, width: 4), stride: Extent(height: 50, width: 9))
        #expect(windows == [Window(rows: 0..<3, columns: 0..<4), Window(rows: 0..<3, columns: 9..<10)])
    }

    // MARK: Superpixels

    /// Four quarters of unlike colours, with a diagonal between two of them.
    private func quarters(_ size: Int) -> (picture: ColourPlanes, truth: [Int]) {
        let colours: [[Double]] = [[20, 40, 10], [80, -30, 40], [50, 0, -60], [95, 0, 0]]
        let truth = (0..<size * size).map { place -> Int in
            let (row, column) = (place / size, place % size)
            return row < size / 2 ? (column > row + size / 8 ? 1 : 0) : (column < size / 2 ? 2 : 3)
        }
        return (ColourPlanes(height: size, width: size, depth: 3, values: truth.flatMap { colours[$0] }), truth)
    }

    @Test(arguments: [4, 16, 40]) func superpixelsRespectEdgesAndTheirNumber(_ count: Int) throws {
        let (picture, truth) = quarters(48)
        let segments = SuperpixelClustering(count: count).segments(of: picture)
        #expect(segments.count >= count / 2 && segments.count <= 2 * count)
        #expect(segments == SuperpixelClustering(count: count).segments(of: picture))
        // Undersegmentation: pixels outside of the quarter that most of their superpixel belongs to.
        let strays = segments.members.reduce(0) { sum, members in
            let counts = Dictionary(members.map { (truth[$0], 1) }, uniquingKeysWith: +)
            return sum + members.count - (counts.values.max() ?? 0)
        }
        #expect(strays <= 48 * 48 / 50)
    }

    @Test func everySuperpixelIsConnectedAndNoneIsTiny() throws {
        var generator = SeededGenerator(seed: 3)
        let values = (0..<40 * 30 * 3).map { _ in 100 * generator.nextUniform() }
        let noise = ColourPlanes(height: 40, width: 30, depth: 3, values: values)
        let segments = SuperpixelClustering(count: 20).segments(of: noise)
        for members in segments.members {
            var open = Set(members)
            #expect(open.count >= 40 * 30 / 20 / 4)
            var front = [members[0]]
            open.remove(members[0])
            while let place = front.popLast() {
                for neighbour in [
                    place - 30, place + 30, place % 30 > 0 ? place - 1 : -1, place % 30 < 29 ? place + 1 : -1,
                ]
                where open.remove(neighbour) != nil { front.append(neighbour) }
            }
            #expect(open.isEmpty)
        }
    }

    @Test func aConstantPictureGivesSquares() throws {
        let flat = ColourPlanes(height: 40, width: 40, depth: 1, values: [Double](repeating: 7, count: 1600))
        let segments = SuperpixelClustering(count: 16).segments(of: flat)
        #expect(segments.count == 16)
        #expect(segments.members.allSatisfy { (60...150).contains($0.count) })
    }

    @Test func moreSuperpixelsThanPixelsAreThePixels() throws {
        let picture = ColourPlanes(height: 3, width: 2, depth: 1, values: [1, 2, 3, 4, 5, 6])
        #expect(SuperpixelClustering(count: 100).segments(of: picture).labels == [0, 1, 2, 3, 4, 5])
        let single = ColourPlanes(height: 1, width: 1, depth: 1, values: [1])
        #expect(SuperpixelClustering(count: 1).segments(of: single).count == 1)
    }

    @Test func coloursAreThoseOfScikitImage() throws {
        let arrays = try NumpyArchive.read(path: PerturbationTests.folder.appending(path: "perturbation.npz").path)
        let colours = try #require(arrays["colours"]).floatTensor
        let expected = try #require(arrays["lab"]).floatTensor
        for index in 0..<colours.shape[0] {
            let found = ColourPlanes.lab(
                red: Double(colours[index, 0]), green: Double(colours[index, 1]), blue: Double(colours[index, 2]))
            for axis in 0..<3 { #expect(abs(found[axis] - Double(expected[index, axis])) < 1e-2) }
        }
    }

    @Test func coloursComeOutOfTheModelsNumbers() throws {
        // Channels last; black is -1 and white is 3.
        let planes = try #require(PicturePlanes([1, 6, 5, 3]))
        let picture = try Tensor(shape: [1, 6, 5, 3], elements: (0..<90).map { Float($0 % 3 == 0 ? 3 : -1) })
        let space = InputSpace(black: [-1, -1, -1], white: [3, 3, 3])
        let colours = ColourPlanes(picture, planes: planes, space: space)
        #expect(colours.values.count == 90)
        #expect(Array(colours.values[87...]) == ColourPlanes.lab(red: 1, green: 0, blue: 0))
    }

    @Test func gridsShareThePictureOut() {
        let segments = Segments.grid(height: 7, width: 9, cells: Extent(height: 2, width: 3))
        #expect(segments.count == 6)
        #expect(segments.members.map(\.count) == [12, 12, 12, 9, 9, 9])
        #expect(Segments.grid(height: 2, width: 2, cells: Extent(height: 50, width: 50)).count == 4)
    }

    // MARK: Fillings

    @Test func aFilledHoleContinuesAPlane() throws {
        let filling = HarmonicFilling(height: 12, width: 15)
        let slope = (0..<180).map { (place: Int) -> Float in
            let (row, column) = (Float(place / 15), Float(place % 15))
            return 3 + 2 * row - column / 2
        }
        let plane = try Tensor(shape: [12, 15], elements: slope)
        // Harmonic functions are what their border makes them, and a linear one is harmonic.
        let hole = (3..<9).flatMap { row in (4..<11).map { row * 15 + $0 } }
        var hidden = plane
        hidden.mutateElements { elements in for place in hole { elements[place] = 1000 } }
        for (place, value) in zip(hole, filling.values(at: hole, of: hidden)) {
            #expect(abs(value - Double(plane.elements[place])) < 1e-4)
        }
    }

    @Test func everyFilledPixelIsTheMeanOfItsNeighbours() throws {
        var generator = SeededGenerator(seed: 1)
        var plane = Tensor<Float>(repeating: 0, shape: [9, 8])
        plane.mutateElements { $0 = $0.map { _ in Float(generator.nextNormal()) } }
        // Holes at a border, in a corner and scattered.
        let hole = (0..<72).filter { ($0 % 8 < 3 && $0 < 40) || $0 == 71 || $0 % 5 == 0 }
        var values = plane.elements.map(Double.init)
        for (place, value) in zip(hole, HarmonicFilling(height: 9, width: 8).values(at: hole, of: plane)) {
            values[place] = value
        }
        for place in hole {
            let (row, column) = (place / 8, place % 8)
            var around: [Double] = []
            if row > 0 { around.append(values[place - 8]) }
            if row < 8 { around.append(values[place + 8]) }
            if column > 0 { around.append(values[place - 1]) }
            if column < 7 { around.append(values[place + 1]) }
            let mean = around.reduce(0, +) / Double(around.count)
            #expect(abs(values[place] - mean) < 1e-5)
        }
    }

    @Test func planesDoNotMindEachOther() throws {
        var generator = SeededGenerator(seed: 2)
        // Five planes are two groups; they take unlike numbers of steps, and one none at all.
        let planes = (0..<5).map { number in
            Tensor<Float>(repeating: 0, shape: [9, 8]).map { _ in
                number == 3 ? 0 : Float(generator.nextNormal()) * (number == 1 ? 1e-6 : 1)
            }
        }
        let filling = HarmonicFilling(height: 9, width: 8, neighbourhood: .corners)
        let hole = (0..<72).filter { $0 % 3 != 0 || $0 > 50 }
        #expect(filling.values(at: hole, of: planes) == planes.map { filling.values(at: hole, of: $0) })
        #expect(filling.values(at: hole, of: planes)[3].allSatisfy { $0 == 0 })
    }

    @Test func whereNothingIsKnownTheMeanIsFilledIn() throws {
        let plane = try Tensor<Float>(shape: [2, 2], elements: [1, 2, 3, 6])
        #expect(HarmonicFilling(height: 2, width: 2).values(at: [0, 1, 2, 3], of: plane) == [3, 3, 3, 3])
        #expect(HarmonicFilling(height: 2, width: 2).values(at: [], of: plane) == [])
    }

    // MARK: Estimators

    @Test func totalIndicesOfIshigamisFunction() {
        // a = 7, b = 0.1: V = a²/8 + bπ⁴/5 + b²π⁸/18 + 1/2 (Ishigami, Homma 1990).
        let (a, b) = (7.0, 0.1)
        func value(_ point: [Double]) -> Double {
            let x = point.map { 2 * Double.pi * $0 - .pi }
            return sin(x[0]) + a * sin(x[1]) * sin(x[1]) + b * pow(x[2], 4) * sin(x[0])
        }
        let variance = a * a / 8 + b * pow(.pi, 4) / 5 + b * b * pow(.pi, 8) / 18 + 0.5
        let interaction = b * b * pow(.pi, 8) * 8 / 225
        let first = 0.5 * pow(1 + b * pow(.pi, 4) / 5, 2)
        let expected = [(first + interaction) / variance, a * a / 8 / variance, interaction / variance]
        var generator = SeededGenerator(seed: 0)
        let points = LatinHypercube.points(16384, dimensions: 3, from: &generator)
        let others = LatinHypercube.points(16384, dimensions: 3, from: &generator)
        var estimator = JansenEstimator(dimensions: 3)
        for (point, other) in zip(points, others) {
            estimator.add(value(point), exchanging: -1)
            for axis in 0..<3 {
                var exchanged = point
                exchanged[axis] = other[axis]
                estimator.add(value(exchanged), exchanging: axis)
            }
        }
        for (found, expected) in zip(estimator.totalIndices, expected) { #expect(abs(found - expected) < 0.02) }
    }

    @Test func hypercubesHaveOnePointInEveryInterval() {
        var generator = SeededGenerator(seed: 5)
        let points = LatinHypercube.points(10, dimensions: 3, from: &generator)
        for axis in 0..<3 { #expect(Set(points.map { Int($0[axis] * 10) }) == Set(0..<10)) }
    }

    @Test func leastSquaresFindTheLineAndRidgeShrinksIt() throws {
        var squares = LeastSquares(unknowns: 2)
        for (row, target, weight) in [([1.0, 0], 3.0, 1.0), ([0, 1], 5, 2), ([1, 1], 7, 0.5), ([0, 0], 1, 4)] {
            squares.add(row, target: target, weight: weight)
        }
        // y = 1 + 2 x₁ + 4 x₂ everywhere.
        let free = try #require(squares.solution(ridge: 0, intercept: true))
        #expect(abs(free[0] - 2) < 1e-12 && abs(free[1] - 4) < 1e-12)
        // Without a constant: (Σ w x xᵀ) β = Σ w x y by hand: [1.5 .5; .5 2.5] β = [6.5; 13.5].
        let through = try #require(squares.solution(ridge: 0, intercept: false))
        #expect(abs(through[0] - 9.5 / 3.5) < 1e-12 && abs(through[1] - 17 / 3.5) < 1e-12)
        let shrunk = try #require(squares.solution(ridge: 1e9, intercept: true))
        #expect(shrunk.allSatisfy { abs($0) < 1e-7 })
        #expect(LeastSquares(unknowns: 2).solution(ridge: 0, intercept: true) == nil)
    }

    @Test func ranksOfTiesAreMeans() {
        #expect(RankCorrelation.ranks(of: [3, 1, 3, 0, 3] as [Double]) == [4, 2, 4, 1, 4])
        #expect(abs(RankCorrelation.spearman([1, 2, 3, 4] as [Double], [10, 20, 25, 100]) - 1) < 1e-12)
        #expect(abs(RankCorrelation.spearman([1, 2, 3, 4] as [Double], [4, 3, 2, 1]) + 1) < 1e-12)
        // By hand: ranks 1 2 3 4 and 2 1 4 3, ρ = 1 - 6·4/60.
        #expect(abs(RankCorrelation.spearman([1, 2, 3, 4] as [Double], [5, 1, 9, 7]) - 0.6) < 1e-12)
    }

    @Test func masksAreAsOftenVisibleAsTheyShouldBe() throws {
        var masks = GridMasks(height: 20, width: 13, grid: 3, probability: 0.3, seed: 9)
        var sums = [Double](repeating: 0, count: 260)
        for _ in 0..<2000 {
            let mask = masks.next()
            #expect(mask.shape == [20, 13])
            for (place, value) in mask.elements.enumerated() {
                #expect(value >= 0 && value <= 1)
                sums[place] += Double(value)
            }
        }
        // Five standard errors of a Bernoulli variable.
        #expect(sums.allSatisfy { abs($0 / 2000 - 0.3) < 5 * (0.21 / 2000).squareRoot() })
        var full = GridMasks(height: 5, width: 5, grid: 7, probability: 1, seed: 0)
        #expect(full.next().elements.allSatisfy { abs($0 - 1) < 1e-6 })
    }

    // MARK: A linear model

    /// `S = Σ w x` for `x` of shape `[B, 1, 4, 4]`.
    private func linear(_ weights: [Float]) throws -> Attributor {
        var graph = Graph()
        let x = graph.addInput(
            "x", type: .float32, dimensions: [.symbolic("n"), .fixed(1), .fixed(4), .fixed(4)])
        let flat = graph.append("Flatten", [x], name: "flat")[0]
        let weight = graph.addConstant(AnyTensor(try Tensor(shape: [16, 1], elements: weights)), name: "w")
        let result = graph.append("MatMul", [flat, weight], name: "y")[0]
        graph.outputs = [Graph.Output(name: "y", value: result)]
        return try Toys.attributor(graph)
    }

    static let weights: [Float] = (0..<16).map { Float(($0 * 7) % 5) - 1.5 }
    static let pixels: [Float] = (0..<16).map { Float(($0 * 5) % 7) / 2 - 1 }

    private func explain(_ method: String) throws -> Attribution {
        try linear(Self.weights).attribute(
            inputs: ["x": AnyTensor(try Tensor(shape: [1, 1, 4, 4], elements: Self.pixels))], target: .classIndex(0),
            methods: [MethodSpecification(parsing: method)])[0]
    }

    /// `Σ w (x - x̄)` over each cell of a 2x2 grid, pixel by pixel.
    private func contributions(baseline: Float) -> Tensor<Float> {
        let segments = Segments.grid(height: 4, width: 4, cells: Extent(height: 2, width: 2))
        return segments.map(
            segments.members.map { members in
                members.reduce(0) { $0 + Double(Self.weights[$1] * (Self.pixels[$1] - baseline)) }
            })
    }

    @Test(arguments: [
        "occlusion:window=2,stride=2,baseline=0.5", "feature-ablation:segments=grid:2,baseline=0.5",
        "kernelshap:segments=grid:2,baseline=0.5", "lime:segments=grid:2,baseline=0.5,ridge=0,samples=50",
    ])
    func onALinearModelEveryMethodFindsTheTerms(_ method: String) throws {
        #expect(try relativeError(explain(method).values.slice(0), contributions(baseline: 0.5)) < 1e-5)
    }

    @Test func drawnCoalitionsOfALinearModelAreExact() throws {
        // 16 segments, 60 coalitions of 65534: an additive game needs no more.
        let found = try explain("kernelshap:segments=grid:4,samples=60").values
        let expected = zip(Self.weights, Self.pixels).map { $0 * $1 }
        #expect(try relativeError(found, Tensor(shape: [1, 1, 4, 4], elements: expected)) < 1e-4)
    }

    @Test func totalIndicesOfALinearModelAreSharesOfTheVariance() throws {
        // Independent uniform cells z: S = Σ a z, so ST = a² / Σ a²; a bilinear grid of one cell a pixel is the pixel.
        let found = try explain("sobol:grid=4,designs=2000").companions["indices"]
        let squares = zip(Self.weights, Self.pixels).map { $0 * $1 * $0 * $1 }
        let sum = squares.reduce(0, +)
        let indices = try #require(found)
        for (found, square) in zip(indices.elements, squares) { #expect(abs(found - square / sum) < 0.02) }
    }

    @Test func aConstantScoreGivesZeroMaps() throws {
        let model = try linear([Float](repeating: 0, count: 16))
        for method in [
            "occlusion", "random-occlusion:samples=3", "feature-ablation:segments=grid:2", "kernelshap:segments=grid:2",
            "lime:segments=grid:2", "rise:samples=5", "sobol:grid=2,designs=2",
        ] {
            let found = try model.attribute(
                inputs: ["x": AnyTensor(try Tensor(shape: [1, 1, 4, 4], elements: Self.pixels))],
                target: .classIndex(0), methods: [MethodSpecification(parsing: method)])[0]
            #expect(found.values.elements.allSatisfy { $0 == 0 }, "\(method)")
        }
    }

    @Test func aModelWithoutAPictureIsRefusedInOneSentence() throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [.fixed(1), .fixed(4)])
        let y = graph.append("Relu", [x], name: "y")[0]
        graph.outputs = [Graph.Output(name: "y", value: y)]
        let model = try Toys.attributor(graph)
        for method in ["occlusion", "random-occlusion", "feature-ablation", "rise", "lime", "kernelshap", "sobol"] {
            #expect(throws: ExplanationError.self) {
                try model.attribute(
                    inputs: ["x": Toys.floats([1, 2, 3, 4], [1, 4])], target: .classIndex(0),
                    methods: [MethodSpecification(parsing: method)])
            }
        }
    }
}
