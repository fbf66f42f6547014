import Evaluation
import Explanations
import Foundation
import Tensors
import TestSupport
import Testing

/// Similarities against scikit-image and SciPy (`Scripts/golden/similarity.py`), and what must hold of any map.
@Suite struct SimilarityTests {
    struct Index: Decodable {
        let tolerance: Double
        let cases: [Case]
    }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let shape: [Int]
        let first: [Float]
        let second: [Float]
        let values: [String: Double]
        var testDescription: String { name }
    }

    static let index = Result { try Golden.decode(Index.self, "similarity.json") }
    static var cases: [Case] { (try? index.get().cases) ?? [] }

    /// Similarities that take a map of 20 by 24 places.
    static let all = [
        "spearman-abs", "spearman-diverging", "pearson", "ssim", "ssim:window=uniform", "hog:cell=4", "iou", "emd",
    ]

    static func map(_ seed: UInt64, _ shape: Shape = [20, 24]) -> Tensor<Float> {
        var generator = SeededGenerator(seed: seed)
        return Tensor<Float>(repeating: 0, shape: shape).map { _ in Float(generator.nextNormal()) }
    }

    static func value(_ first: Tensor<Float>, _ second: Tensor<Float>, _ text: String) throws -> Double {
        try SimilarityCatalogue.similarity(of: first, and: second, by: text)
    }

    @Test func theFileIsComplete() throws {
        let cases = try Self.index.get().cases
        #expect(cases.count == 11)
        let names = Set(cases.flatMap(\.values.keys).map { $0.prefix { $0 != ":" } }.map(String.init))
        #expect(names == Set(SimilarityCatalogue.descriptions.map(\.name)))
    }

    @Test(arguments: cases) func everySimilarityEqualsItsPeer(_ golden: Case) throws {
        let tolerance = try Self.index.get().tolerance
        let first = try Tensor(shape: Shape(golden.shape), elements: golden.first)
        let second = try Tensor(shape: Shape(golden.shape), elements: golden.second)
        for (text, expected) in golden.values {
            let found = try Self.value(first, second, text)
            #expect(abs(found - expected) <= tolerance, "\(text): \(found), expected \(expected)")
        }
    }

    @Test(arguments: all) func isSymmetricAndKnowsEqualMaps(_ text: String) throws {
        for seed: UInt64 in 1...4 {
            let (first, second) = (Self.map(seed), Self.map(seed + 100))
            #expect(abs(try Self.value(first, second, text) - Self.value(second, first, text)) < 1e-9)
            #expect(abs(try Self.value(first, first, text) - (text == "emd" ? 0 : 1)) < 1e-9)
        }
    }

    /// A factor changes none; an offset changes those alone that ask where zero is.
    @Test(arguments: all) func scaleDoesNotMatter(_ text: String) throws {
        let (first, second) = (Self.map(5), Self.map(6))
        let value = try Self.value(first, second, text)
        // A power of two rounds nothing.
        #expect(abs(try Self.value(first.map { $0 * 256 }, second, text) - value) < 1e-9)
        if !["spearman-abs", "iou", "emd"].contains(text) {
            #expect(abs(try Self.value(first.map { $0 + 4 }, second, text) - value) < 1e-5)
        }
    }

    @Test func ranksSeeNoMonotoneChange() throws {
        let (first, second) = (Self.map(7), Self.map(8))
        let value = try Self.value(first, second, "spearman-diverging")
        #expect(try Self.value(first.map { $0 * $0 * $0 }, second, "spearman-diverging") == value)
        #expect(try Self.value(first, second.map { -$0 }, "spearman-diverging") == -value)
        #expect(abs(try Self.value(first, first.map { -$0 }, "spearman-abs") - 1) < 1e-12)
    }

    /// The fast ranks are those of a sort by comparison, ties, signs of zero and extremes included.
    @Test func ranksOfFloatsAreRanks() {
        var generator = SeededGenerator(seed: 9)
        var values = (0..<3000).map { _ in Float((generator.nextNormal() * 40).rounded() / 8) }
        values += [0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .greatestFiniteMagnitude, -1e30]
        #expect(RankCorrelation.ranks(ofMap: values) == RankCorrelation.ranks(of: values.map(Double.init)))
        #expect(RankCorrelation.ranks(ofMap: []).isEmpty)
    }

    @Test func aPointMassMovesItsDistance() throws {
        var maps = [(3, 5), (12, 17)].map { place in
            var map = Tensor<Float>(repeating: 0, shape: [16, 20])
            map[place.0, place.1] = -2
            return map
        }
        #expect(abs(try Self.value(maps[0], maps[1], "emd:grid=32") - 15) < 1e-9)
        // Half of the mass stays.
        maps[1][3, 5] = 2
        #expect(abs(try Self.value(maps[0], maps[1], "emd:grid=32") - 7.5) < 1e-9)
        // 64 by 64 places on 16 by 16 cells: a shift by whole cells is exact.
        let large = [(9, 10), (41, 34)].map { place in
            var map = Tensor<Float>(repeating: 0, shape: [64, 64])
            map[place.0, place.1] = 1
            return map
        }
        #expect(abs(try Self.value(large[0], large[1], "emd") - 40) < 1e-9)
        #expect(abs(try Self.value(large[0], large[1], "emd:unit=diagonal") - 40 / (64 * 2.0.squareRoot())) < 1e-9)
        // On 12 rows a pixel of 20 is shared by cells; nothing gets lost.
        let coarse = try Self.value(Self.map(1, [20, 20]), Self.map(2, [20, 20]), "emd:grid=12")
        let fine = try Self.value(Self.map(1, [20, 20]), Self.map(2, [20, 20]), "emd:grid=20")
        #expect(coarse > 0 && abs(coarse - fine) < 2.4)
    }

    @Test func overlapCountsPlaces() throws {
        let first = try Tensor<Float>(shape: [2, 3], elements: [10, 6, 3, 1, 0, -9])
        let second = try Tensor<Float>(shape: [2, 3], elements: [0, 6, 10, 1, 5, 9])
        // Above 5: {0, 1} and {1, 2, 5}.
        #expect(try Self.value(first, second, "iou:fraction=0.5") == 0.25)
        // Two places each: {0, 1} and {2, 5}.
        #expect(try Self.value(first, second, "iou:fraction=0.33,of=pixels") == 0)
    }

    @Test func axesOfAMapAreFound() throws {
        let first = [Self.map(1, [3, 20, 24]), Self.map(2, [3, 20, 24])]
        func last(_ map: Tensor<Float>) -> Tensor<Float> {
            var moved = Tensor<Float>(repeating: 0, shape: [20, 24, 3])
            for channel in 0..<3 {
                for row in 0..<20 {
                    for column in 0..<24 { moved[row, column, channel] = map[channel, row, column] }
                }
            }
            return moved
        }
        for text in Self.all {
            let value = try Self.value(first[0], first[1], text)
            #expect(abs(try Self.value(last(first[0]), last(first[1]), text) - value) < 1e-12, "\(text)")
            let batch = try first.map { try $0.reshaped([1, 3, 20, 24]) }
            #expect(try Self.value(batch[0], batch[1], text) == value, "\(text)")
            let plane = (Self.map(3), Self.map(4))
            #expect(
                try Self.value(plane.0.reshaped([1, 20, 24]), plane.1.reshaped([1, 20, 24]), text)
                    == Self.value(plane.0, plane.1, text), "\(text)")
        }
    }

    @Test(arguments: all) func whatCannotBeComparedIsSaid(_ text: String) throws {
        var broken = Self.map(1)
        broken[2, 3] = .nan
        for (first, second, word) in [
            (Self.map(1), Self.map(2, [24, 20]), "the first has shape [20, 24], the second [24, 20]"),
            (Self.map(1), broken, "1 of the 480 numbers of the second are NaN"),
            (Self.map(1, [0, 4]), Self.map(1, [0, 4]), "they are empty"),
        ] {
            let error = #expect(throws: EvaluationError.self) { try Self.value(first, second, text) }
            #expect("\(try #require(error))".contains(word), "\(text)")
        }
    }

    @Test func constantMapsCorrelateWithNothingElse() throws {
        // The mean of many times 0.1 is rounded: deviations from it are not 0.
        let constant = Tensor<Float>(repeating: 0.1, shape: [20, 24])
        for text in ["spearman-abs", "spearman-diverging", "pearson", "hog:cell=4"] {
            #expect(try Self.value(constant, Self.map(1), text) == 0, "\(text)")
            #expect(try Self.value(constant, constant.map { $0 * 3 }, text) == 1, "\(text)")
        }
        #expect(try Self.value(constant, constant, "ssim") == 1)
        #expect(throws: EvaluationError.self) { try Self.value(constant.map { -$0 }, constant, "iou") }
        #expect(throws: EvaluationError.self) { try Self.value(constant.map { _ in 0 }, constant, "emd") }
    }

    @Test func absurdQuestionsEndInASentence() throws {
        let small = Self.map(1, [6, 6])
        for (text, word) in [
            ("ssim", "fewer than the window's 11"), ("hog", "choose a smaller cell"), ("hog:cell=0", "cell"),
            ("ssim:range=0", "range"), ("spearman", "did you mean"), ("ssim:window", "key=value"),
            ("emd:x=1", "no such parameter"),
            ("", "may hold letters"),
        ] {
            let error = #expect(throws: EvaluationError.self) { try Self.value(small, small, text) }
            #expect("\(try #require(error))".contains(word), "\(text): \(String(describing: error))")
        }
        #expect(throws: EvaluationError.self) { try Self.value(Self.map(1, [4]), Self.map(2, [4]), "ssim") }
    }

    @Test(arguments: SimilarityCatalogue.descriptions.map(\.name)) func parametersAreWhatTheCatalogueSays(name: String)
        throws
    {
        let description = try #require(SimilarityCatalogue.descriptions.first { $0.name == name })
        for parameter in description.parameters {
            try SimilarityCatalogue.check(["\(name):\(parameter.name)=\(parameter.defaultValue)"])
            #expect(throws: EvaluationError.self) { try SimilarityCatalogue.check(["\(name):\(parameter.name)=?"]) }
        }
    }
}

@Suite struct DifferentPicturesTests {
    @Test func allPairsOfFewMaps() throws {
        let maps = try [[1, 2, 3, 4], [4, 3, 2, 1], [1, 2, 4, 3]].map {
            try Tensor<Float>(shape: [2, 2], elements: $0)
        }
        let similarity = try SimilarityCatalogue.similarity(MethodSpecification("spearman-diverging"))
        let found = try DifferentPictures(by: similarity, maps: maps)
        // By hand: -1, 0.8 and -0.8.
        #expect(found.pairs == 3 && abs(found.mean + 1 / 3.0) < 1e-12)
        #expect(abs(found.deviation - (438.0 / 450).squareRoot()) < 1e-12)
        #expect(throws: EvaluationError.self) { try DifferentPictures(by: similarity, maps: [maps[0]]) }
    }

    @Test func drawsAreRepeatableAndFair() {
        let first = DifferentPictures.draw(50, of: 40, seed: 3)
        #expect(first.count == 50 && first.allSatisfy { 0 <= $0 && $0 < $1 && $1 < 40 })
        #expect(Set(first.map { $0 * 40 + $1 }).count == 50)
        #expect(first.elementsEqual(DifferentPictures.draw(50, of: 40, seed: 3), by: ==))
        #expect(!first.elementsEqual(DifferentPictures.draw(50, of: 40, seed: 4), by: ==))
        // Every one of the 10 pairs of 5 is drawn 2 times in 5: 800 of 2000, deviation 22.
        var counts: [Int: Int] = [:]
        for seed: UInt64 in 0..<2000 {
            for (a, b) in DifferentPictures.draw(4, of: 5, seed: seed) { counts[a * 5 + b, default: 0] += 1 }
        }
        #expect(counts.count == 10 && counts.values.allSatisfy { abs($0 - 800) < 110 })
    }
}
