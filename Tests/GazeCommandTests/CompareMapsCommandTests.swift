import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct CompareMapsCommandTests {
    /// Two maps whose ranks correlate by 1 - 6·4/60 = 0.6, and the same with their signs hidden.
    private static func write(into folder: String) throws {
        for (name, shape, values) in [
            ("a", [2, 2], [1, 2, 3, 4]), ("b", [2, 2], [5, 1, 9, 7]), ("c", [4], [1, 2, 3, 4]),
            ("k", [2, 2], [2, 2, 2, 2]),
        ] as [(String, Shape, [Float])] {
            try Numpy.write(AnyTensor(try Tensor(shape: shape, elements: values)), path: "\(folder)/\(name).npy")
        }
    }

    @Test func oneNumberForOneMetric() throws {
        try TemporaryFolder.with { folder in
            try Self.write(into: folder)
            let maps = ["compare-maps", "\(folder)/a.npy", "\(folder)/b.npy", "--metric", "spearman-abs"]
            let one = try Command.run(maps)
            #expect(one.status == 0 && one.errors.isEmpty, "\(one.errors)")
            #expect(abs(try #require(Double(one.output.trimmingCharacters(in: .newlines))) - 0.6) < 1e-12)
            let json = try Command.run(maps + ["--json"])
            #expect(json.output.contains("\"metric\" : \"spearman-abs\"") && json.output.contains("\"value\" : 0.6"))
            let two = try Command.run(maps + ["--metric", "iou:fraction=0.5"])
            // Above 2 and above 4.5: {2, 3} and {0, 2, 3}.
            #expect(
                two.output.split(separator: "\n").map { $0.split(separator: " ").last.flatMap { Double($0) } ?? 0 }[1]
                    == 2 / 3.0)
            let input = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/b.npy"))
            let piped = try Command.run(
                ["compare-maps", "\(folder)/a.npy", "-", "--metric", "spearman-abs"], input: input)
            #expect(piped.output == one.output)
        }
    }

    @Test func helpNamesAllSimilarities() throws {
        let help = try Command.run("compare-maps", "--help").output
        for name in [
            "emd", "hog", "iou", "pearson", "spearman-abs", "spearman-diverging", "ssim", "window", "covariance",
        ] {
            #expect(help.contains(name))
        }
    }

    @Test func whatCannotBeComparedEndsInASentence() throws {
        try TemporaryFolder.with { folder in
            try Self.write(into: folder)
            for (second, metric, status, word) in [
                ("c", "pearson", 2, "the second [4]"), ("b", "ssim", 2, "window's 11"),
                ("absent", "pearson", 2, "absent.npy"),
                ("b", "spearman", 64, "did you mean"), ("b", "hog:cell=x", 64, "cell"),
            ] as [(String, String, Int32, String)] {
                let outcome = try Command.run(
                    "compare-maps", "\(folder)/a.npy", "\(folder)/\(second).npy", "--metric", metric)
                #expect(outcome.status == status && outcome.errors.contains(word), "\(metric): \(outcome.errors)")
                #expect(outcome.output.isEmpty)
            }
            let constant = try Command.run("compare-maps", "\(folder)/a.npy", "\(folder)/k.npy", "--metric", "pearson")
            #expect(constant.status == 0 && constant.output == "0.0\n" && constant.errors.contains("k.npy is constant"))
        }
    }
}
