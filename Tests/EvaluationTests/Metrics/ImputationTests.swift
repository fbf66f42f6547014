import Evaluation
import Explanations
import Foundation
import Tensors
import Testing

@Suite struct ImputationTests {
    private static func value(_ row: Int, _ column: Int) -> Float { Float(2 * row - 3 * column + 1) }

    /// Weighted means of opposite neighbours leave a plane as it is, away from the border.
    @Test func aSlopeFillsItsHoles() throws {
        let planes = try #require(PicturePlanes([1, 2, 6, 7]))
        var picture = Tensor<Float>(repeating: 0, shape: [1, 2, 6, 7])
        for row in 0..<6 {
            for column in 0..<7 {
                picture[0, 0, row, column] = Self.value(row, column)
                picture[0, 1, row, column] = -5 * Self.value(row, column)
            }
        }
        let hole = [16, 8, 9, 17, 24, 33]
        let filled = NoisyLinearImputation(planes: planes, noise: 0, seed: 0).imputed(picture, without: hole, number: 0)
        for (found, expected) in zip(filled.elements, picture.elements) { #expect(abs(found - expected) < 1e-3) }
    }

    @Test func edgesCountTwiceAsMuchAsCorners() throws {
        let planes = try #require(PicturePlanes([1, 1, 3, 3]))
        let picture = try MetricToys.tensor([1, 2, 3, 4, 99, 6, 7, 8, 12], [1, 1, 3, 3])
        let filled = NoisyLinearImputation(planes: planes, noise: 0, seed: 0).imputed(picture, without: [4], number: 0)
        let edges: Double = 2 + 4 + 6 + 8
        let corners: Double = 1 + 3 + 7 + 12
        #expect(isClose(Double(filled[0, 0, 1, 1]), edges / 6 + corners / 12))
        // In a corner only three are left: 1/6, 1/6 and 1/12 of 5/12.
        let corner = NoisyLinearImputation(planes: planes, noise: 0, seed: 0).imputed(picture, without: [0], number: 0)
        let expected: Double = 2 * 2 + 4 * 2 + 99
        #expect(isClose(Double(corner[0, 0, 0, 0]), expected / 5, 1e-5))
    }

    @Test func noiseHasItsDeviationAndSeed() throws {
        let planes = try #require(PicturePlanes([1, 1, 64, 64]))
        let picture = Tensor<Float>(repeating: 1, shape: [1, 1, 64, 64])
        let places = Array(0..<64 * 63)
        func imputed(_ seed: UInt64, _ number: Int) -> Tensor<Float> {
            NoisyLinearImputation(planes: planes, noise: 0.5, seed: seed).imputed(
                picture, without: places, number: number)
        }
        let found = imputed(1, 0)
        let statistics = ChannelStatistics(Array(found.elements.prefix(places.count)))
        #expect(abs(statistics.mean - 1) < 0.04 && abs(statistics.deviation - 0.5) < 0.03)
        #expect(found == imputed(1, 0) && found != imputed(1, 1) && found != imputed(2, 0))
    }

    @Test func roadComparesTheTwoOrders() throws {
        // One bright pixel on a constant: imputation takes it away.
        let weights: [Float] = (0..<25).map { $0 == 12 ? 1 : 0 }
        let attributor = try MetricToys.linear(
            [weights, [Float](repeating: 0, count: 25)], channels: 1, height: 5, width: 5)
        let subject = try MetricToys.subject(
            attributor, picture: MetricToys.tensor(weights.map { 1 + 2 * $0 }, [1, 1, 5, 5]),
            map: MetricToys.tensor(weights, [5, 5]))
        let found = try MetricToys.measure("road:percentages=4,noise=0,score=target", subject)
        #expect(areClose(found.details, [3, 1], 1e-5))
        #expect(isClose(found.value, 1, 1e-5))
        #expect(
            isClose(
                try MetricToys.measure("road:percentages=4,noise=0,order=morf,score=target", subject).value, 1, 1e-5))
        #expect(
            isClose(
                try MetricToys.measure("road:percentages=4,noise=0,order=lerf,score=target", subject).value, 3, 1e-5))
    }

    @Test func entropyCountsWhatNeighboursDoNotTell() throws {
        let planes = try #require(PicturePlanes([1, 1, 2, 4]))
        let space = InputSpace(black: [0], white: [255])
        func bits(_ values: [Float]) throws -> Double {
            let picture = try MetricToys.tensor(values, [1, 1, 2, 4])
            return PictureEntropy(planes, space: space, like: picture).bits(of: picture)
        }
        // The first pixel is all that is new: residuals 7, 0, 0, …
        let (once, often): (Double, Double) = (1.0 / 8, 7.0 / 8)
        let expected = -log2(once) - 7 * log2(often)
        #expect(isClose(try bits([7, 7, 7, 7, 7, 7, 7, 7]), expected))
        #expect(try bits([0, 0, 0, 0, 0, 0, 0, 0]) == 0)
        let picture: [Float] = [10, 20, 10, 10, 30, 35, 0, 0]
        // First row: 10, 10, -10, 0. Second: 20; 30 + 20 - 10 is above both neighbours, so 35 - 30; 35 + 10 - 20 lies between
        // them, so -25; 0 + 10 - 10, so 0.
        let counts: [Int: Int] = [10: 2, -10: 1, 0: 2, 20: 1, 5: 1, -25: 1]
        let entropy = counts.values.reduce(0.0) { $0 - Double($1) * log2(Double($1) / 8) }
        #expect(isClose(try bits(picture), entropy))
    }

    @Test func informationCurvesEndAtTheWholePicture() throws {
        let weights: [Float] = (0..<64).map { $0 == 27 ? 8 : 0 }
        let attributor = try MetricToys.linear(
            [weights, [Float](repeating: 0.01, count: 64)], channels: 1, height: 8, width: 8)
        let pixels: [Float] = (0..<64).map { Float(($0 * 37) % 64) / 64 }
        func subject(_ map: [Float]) throws -> EvaluationSubject {
            try MetricToys.subject(
                attributor,
                picture: MetricToys.tensor(pixels.enumerated().map { $0.offset == 27 ? 1 : $0.element }, [1, 1, 8, 8]),
                map: MetricToys.tensor(map, [8, 8]))
        }
        let right = try MetricToys.measure("pic:percentages=2+25+50,baseline=0", subject(weights))
        // The one pixel that counts is the first: all performance is there from the first step on.
        #expect(right.details.prefix(2) == [0, 0] && right.details.suffix(2) == [1, 1])
        #expect(right.details[3] == 1 && right.value > 0.9)
        let wrong = try MetricToys.measure("pic:percentages=2+25+50,baseline=0", subject(weights.map { -$0 }))
        #expect(wrong.value < 0.6)
        // Of -1 everywhere the other class scores more.
        let accuracy = try MetricToys.measure("pic:percentages=2+25+50,baseline=-1,curve=accuracy", subject(weights))
        #expect(accuracy.details[3] == 1)
    }
}
