import Foundation
import Gaze
import TestSupport
import Testing

/// Graphs that prepare pictures by themselves, by `Scripts/golden/graph_preprocessing.py`.
@Suite struct GraphPreprocessingTests {
    struct Index: Decodable {
        let tolerance: Double
        let models: [Case]
    }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let file: String
        let range: String?
        let layout: String
        let blueFirst: Bool
        let logits: [Double]?
        let gradient: [Double]
        var testDescription: String { file }
    }

    static let index = Result { try Golden.decode(Index.self, "graph-preprocessing.json") }
    static var cases: [Case] { (try? index.get().models) ?? [] }

    private static func explainer(_ file: String, side: Int? = nil) throws -> Explainer {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
        return try Explainer(model: folder.appending(path: file).path) { preprocessing in
            if let side { preprocessing.resize = .squash(width: side, height: side) }
        }
    }

    /// The left half (200, 40, 10), the right half (20, 120, 250), as in the script.
    private static func picture(side: Int) -> Picture {
        var picture = Picture(width: side, height: side)
        picture.mutatePixels { pixels in
            for index in 0..<side * side {
                let colour: [UInt8] = index % side < side / 2 ? [200, 40, 10] : [20, 120, 250]
                for channel in 0..<3 { pixels[index * 3 + channel] = colour[channel] }
            }
        }
        return picture
    }

    @Test func theFileIsComplete() throws { #expect(try Self.index.get().models.count == 23) }

    @Test(arguments: cases)
    func theGuessFitsTheGraph(_ golden: Case) throws {
        let explainer = try Self.explainer(golden.file)
        let found = explainer.preprocessing
        #expect(found.layout.rawValue == golden.layout)
        #expect(found.channels == (golden.blueFirst ? .bgr : .rgb))
        switch golden.range {
        case "bytes": #expect(found.scale == 1 && found.mean == [0] && found.standardDeviation == [1])
        case "unit": #expect(found.scale == 1.0 / 255 && found.mean == [0] && found.standardDeviation == [1])
        default: #expect(found.mean == [0.485, 0.456, 0.406])
        }
        #expect(explainer.guesses.contains { $0.contains("by itself") } == (golden.range != nil))
    }

    @Test(arguments: cases.filter { $0.range != nil })
    func logitsAreThoseOfTheModel(_ golden: Case) throws {
        let explainer = try Self.explainer(golden.file, side: 8)
        let expected = try #require(golden.logits)
        let largest = expected.map(abs).max() ?? 0
        for prediction in try explainer.predict(Self.picture(side: 8)) {
            #expect(
                abs(Double(prediction.score) - expected[prediction.index])
                    <= (try Self.index.get().tolerance) * largest)
        }
    }

    /// Every pixel has the same gradient, whatever the layout, drawn at the picture's size.
    @Test(arguments: cases.filter { $0.file != "one-size.onnx" })
    func gradientsAreThoseInFrontOfTheNormalisation(_ golden: Case) throws {
        let explainer = try Self.explainer(golden.file, side: 8)
        let found = try explainer.explain(
            Self.picture(side: 8), target: "logits[0]", methods: [MethodSpecification("gradient")])[0]
        #expect(found.map.shape == [8, 8])
        let expected = golden.gradient.map { Float($0 / 64) }
        let largest = expected.map(abs).max() ?? 0
        let isFirst = found.raw.shape == [3, 8, 8]
        for place in 0..<64 {
            for channel in 0..<3 {
                let value = found.raw.elements[isFirst ? channel * 64 + place : place * 3 + channel]
                #expect(abs(value - expected[channel]) <= 1e-4 * largest)
            }
            #expect(abs(found.map.elements[place] - largest) <= 1e-4 * largest)
        }
    }

    @Test func openSizesAreTriedAndSaid() throws {
        let sized = try Self.explainer("one-size.onnx")
        #expect(sized.preprocessing.inputShape == [1, 3, 96, 96])
        #expect(sized.guesses.contains { $0.contains("does not run with") && $0.contains("--resize") })
        #expect(try Self.explainer("resize.onnx").preprocessing.inputShape == [1, 3, 8, 8])
        #expect(try Self.explainer("rescaling-nhwc.onnx").preprocessing.inputShape == [1, 224, 224, 3])
        #expect(try Self.explainer("undeclared.onnx").guesses.contains { $0.contains("leaves the size") })
    }
}
