import Foundation
import Gaze
import TestSupport
import Testing

/// Networks that declare pictures of any size and run with one only, by `Scripts/golden/open_sizes.py`.
@Suite struct OpenSizeTests {
    struct Index: Decodable {
        let tolerance: Double
        let models: [Case]
    }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let file: String
        let height: Int
        let width: Int
        let scores: [Double]
        var testDescription: String { file }
        var path: String {
            URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(file)").path
        }

        /// The picture of the script.
        var picture: Picture {
            var pixels: [UInt8] = []
            for y in 0..<height {
                for x in 0..<width {
                    for channel in 0..<3 { pixels.append(UInt8((x * 7 + y * 13 + channel * 71) % 256)) }
                }
            }
            return Picture(width: width, height: height, pixels: pixels)
        }
    }

    static let index = Result { try Golden.decode(Index.self, "open-sizes.json") }
    static var cases: [Case] { (try? index.get().models) ?? [] }

    @Test func theFileIsComplete() throws { #expect(try Self.index.get().models.count == 4) }

    @Test(arguments: cases)
    func theExportedSizeIsFound(_ golden: Case) throws {
        let explainer = try Explainer(model: golden.path)
        #expect(explainer.preprocessing.inputShape == [1, 3, golden.height, golden.width])
        let said = explainer.preprocessingGuesses.filter { $0.topic == .size }
        #expect(said.count == 1 && said[0].text.contains("does not run with [1, 3, 224, 224]"))
        let squashed = try Explainer(model: golden.path) {
            $0.resize = .squash(width: golden.width, height: golden.height)
        }
        let largest = golden.scores.map(abs).max() ?? 0
        let found = try squashed.predict(golden.picture)
        #expect(found.count == golden.scores.count)
        for prediction in found {
            #expect(
                abs(Double(prediction.score) - golden.scores[prediction.index])
                    <= (try Self.index.get().tolerance) * largest)
        }
    }

    @Test(arguments: cases)
    func aGivenSizeIsNotGuessed(_ golden: Case) throws {
        let right = try Explainer(model: golden.path) {
            $0.resize = .squash(width: golden.width, height: golden.height)
        }
        #expect(!right.preprocessingGuesses.contains { $0.topic == .size })
        let error = #expect(throws: GazeError.self) {
            try Explainer(model: golden.path) { $0.resize = .squash(width: 200, height: 200) }
        }
        let text = try #require(error).description
        #expect(
            text.contains("200x200") && text.contains("--resize squash:\(golden.width)x\(golden.height)"), "\(text)")
        #expect(text.contains("ode ") && !text.contains("onnxruntime_src") && !text.contains("\n"), "\(text)")
    }
}
