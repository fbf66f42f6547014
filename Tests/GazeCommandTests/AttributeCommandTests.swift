import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct AttributeCommandTests {
    /// By hand: A = relu(x) = [1 2 0 4 | 8 0 2 0], means 1.75 and 2.5, class 1 has the weights -2 and -1.
    static let expected: [String: (shape: Shape, values: [Float])] = [
        "score": ([1], [-6]),
        "output": ([1, 3], [11.75, -6, 8.375]),
        "activation": ([1, 2, 2, 2], [1, 2, 0, 4, 8, 0, 2, 0]),
        "layer-gradient": ([1, 2, 2, 2], [-0.5, -0.5, -0.5, -0.5, -0.25, -0.25, -0.25, -0.25]),
        "gradient": ([1, 2, 2, 2], [-0.5, -0.5, 0, -0.5, -0.25, 0, -0.25, 0]),
        "gradient-x-input": ([1, 2, 2, 2], [-0.5, -1, 0, -2, -2, 0, -0.5, 0]),
        "cam": ([1, 2, 2], [-10, -4, -2, -8]),
        "gradcam": ([1, 2, 2], [-2.5, -1, -0.5, -2]),
        "gradcam-weights": ([1, 2], [-0.5, -0.25]),
    ]

    @Test func everyMethodGivesItsClosedForm() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder)
            let outcome = try Command.run(
                "attribute", model, "--input", "x=\(folder)/x.npy", "--target", "1", "--layer", "map", "--output",
                "\(folder)/maps", "--method", "score", "--method", "output", "--method", "activation", "--method",
                "layer-gradient", "--method", "gradient", "--method", "gradient-x-input", "--method", "cam", "--method",
                "gradcam", "--method", "gradcam-weights", "--method", "a.b@0=gradcam")
            #expect(outcome.status == 0, "\(outcome.errors)")
            for (method, expected) in Self.expected {
                let found = try Numpy.read(path: "\(folder)/maps/\(method).npy")
                #expect(found.elementType == .float32 && found.shape == expected.shape, "\(method)")
                #expect(
                    zip(found.floats, expected.values).allSatisfy { abs($0 - $1) < 1e-5 }, "\(method) \(found.floats)")
            }
            #expect(FileManager.default.fileExists(atPath: "\(folder)/maps/a.b@0.npy"))
        }
    }

    @Test func wrongQuestionsEndInASentence() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder)
            func ask(_ target: String, _ method: String, _ input: String, layer: String = "map") throws
                -> Command.Outcome
            {
                try Command.run(
                    "attribute", model, "--input", input, "--target", target, "--method", method, "--layer", layer,
                    "--output", "\(folder)/none")
            }
            let file = "\(folder)/x.npy"
            for (outcome, word) in [
                (try ask("9", "score", file), "beyond the last"),
                (try ask("1", "gradcan", file), "did you mean gradcam"),
                (try ask("1", "score", "\(folder)/absent.npy"), "absent.npy"),
                (try ask("1", "gradcam", file, layer: "mop"), "mop"),
                (try ask("(1", "score", file), "')' is missing"),
                (try ask("1", "gradcam:a=1", file), "no such parameter"),
                (try ask("1", "gradcam", file, layer: "flat"), "is no map of cells over the picture"),
            ] {
                #expect(outcome.status == 2 || outcome.status == 64, "\(word): \(outcome.status)")
                #expect(outcome.errors.contains(word), "\(outcome.errors)")
                #expect(outcome.output.isEmpty)
            }
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/none"))
        }
    }
}
