import Foundation
import Imaging
import Tensors
import TestSupport
import Testing

/// Pictures of other channels than red, green and blue, as users give them.
@Suite struct ChannelCommandTests {
    /// `[5, 8, 8]`: channel c has the mean c + 1.
    private static let bands: [Float] = (0..<320).map { index in
        let step: Float = index % 2 == 0 ? 0.5 : -0.5
        return Float(index / 64 + 1) + step
    }

    /// `mean(relu(x)) W` with `TinyClassifier`'s weights.
    private static func expected(scale: Double = 1, mean: Double = 0) -> [Double] {
        let means = (0..<5).map { channel -> Double in
            let pixels = [Double(channel) + 1.5, Double(channel) + 0.5]
            return pixels.reduce(0) { $0 + max(0, $1 * scale - mean) } / 2
        }
        let rows: [[Double]] = [
            [1, -2, 0.5], [4, -1, 3], [0.25, 0.25, 0.25], [0.25, 0.25, 0.25], [0.25, 0.25, 0.25],
        ]
        return (0..<3).map { column -> Double in
            zip(means, rows).reduce(0.0) { $0 + $1.0 * $1.1[column] }
        }
    }

    private static func scores(_ outcome: Command.Outcome) throws -> [Double] {
        #expect(outcome.status == 0, "\(outcome.errors)")
        let rows = try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
        let top = try #require(rows.first?["top"] as? [[String: Any]])
        var scores = [Double](repeating: 0, count: top.count)
        for entry in top { scores[try #require(entry["index"] as? Int)] = try #require(entry["score"] as? Double) }
        return scores
    }

    private static func isClose(_ one: [Double], _ other: [Double]) -> Bool {
        one.count == other.count && zip(one, other).allSatisfy { abs($0 - $1) < 1e-4 * (1 + abs($1)) }
    }

    @Test func arraysReachTheModelInEveryOrder() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder, side: 8, channels: 5)
            let first = try Tensor(shape: [5, 8, 8], elements: Self.bands)
            var last = Tensor<Float>(repeating: 0, shape: [8, 8, 5])
            for channel in 0..<5 { for y in 0..<8 { for x in 0..<8 { last[y, x, channel] = first[channel, y, x] } } }
            try Numpy.write(AnyTensor(first), path: folder + "/first.npy")
            try Numpy.write(AnyTensor(last), path: folder + "/last.npy")
            try NumpyArchive.write(["one": AnyTensor(last)], path: folder + "/single.npz")
            let resize = ["--json", "--resize", "squash"]
            for file in ["first.npy", "last.npy", "single.npz"] {
                let outcome = try Command.run(["predict", model, "\(folder)/\(file)"] + resize)
                #expect(Self.isClose(try Self.scores(outcome), Self.expected()), "\(file)")
            }
            let scaled = try Command.run(
                ["predict", model, "\(folder)/first.npy"] + resize + ["--scale", "2", "--mean", "1,1,1,1,1"])
            #expect(Self.isClose(try Self.scores(scaled), Self.expected(scale: 2, mean: 1)))
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/last.npy"))
            let piped = try Command.run(["predict", model, "-"] + resize, input: bytes)
            #expect(Self.isClose(try Self.scores(piped), Self.expected()))
        }
    }

    @Test func oneOfSeveralArraysIsNamed() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder, side: 8, channels: 5)
            let bands = AnyTensor(try Tensor(shape: [5, 8, 8], elements: Self.bands))
            let others = AnyTensor(Tensor<Float>(repeating: 3, shape: [5, 8, 8]))
            try NumpyArchive.write(["after": bands, "before": others], path: folder + "/two.npz")
            let silent = try Command.run("predict", model, "\(folder)/two.npz")
            #expect(silent.status == 2 && silent.sentences.count == 1)
            #expect(silent.errors.contains("after, before") && silent.errors.contains("--array"))
            let named = try Command.run(
                "predict", model, "\(folder)/two.npz", "--array", "after", "--json", "--resize", "squash")
            #expect(Self.isClose(try Self.scores(named), Self.expected()))
            #expect(try Command.run("predict", model, "\(folder)/two.npz", "--array", "x").errors.contains("'x'"))
        }
    }

    @Test func channelsAreExplainedAndShown() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder, side: 8, channels: 5)
            try Numpy.write(
                AnyTensor(try Tensor(shape: [5, 8, 8], elements: Self.bands)), path: folder + "/bands.npy")
            let outcome = try Command.run(
                "explain", model, "\(folder)/bands.npy", "--show", "5,4,3", "--resize", "squash", "-m", "gradient",
                "-m",
                "gradcam", "-o", folder + "/out")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let figure = try Picture(contentsOf: folder + "/out/bands.class-0.gradcam.png")
            #expect(figure.width > 200)
            let raw = try NumpyArchive.read(path: folder + "/out/bands.class-0.gradient.npz")["raw"]
            #expect(raw?.shape == [5, 8, 8])
            for wrong in ["0", "1,2", "a", "1,2,3,4", ""] {
                let refused = try Command.run("explain", model, "\(folder)/bands.npy", "--show", wrong)
                #expect(refused.status == 64 && refused.errors.contains("--show"), "\(wrong)")
            }
            let beyond = try Command.run("explain", model, "\(folder)/bands.npy", "--show", "6", "-o", folder + "/out")
            #expect(beyond.status == 2 && beyond.errors.contains("1 to 5"))
        }
    }

    @Test func aPhotographForOtherChannelsIsOneSentence() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder, side: 8, channels: 5)
            try Picture(width: 8, height: 8, red: 9).write(to: folder + "/photo.png")
            let outcome = try Command.run("predict", model, "\(folder)/photo.png")
            #expect(outcome.status == 2 && outcome.sentences.count == 1)
            #expect(outcome.errors.contains("3 channels") && outcome.errors.contains("takes 5"))
        }
    }

    @Test func presetsOfThreeSayWhatTheyBecome() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder, side: 8, channels: 5)
            try Numpy.write(
                AnyTensor(try Tensor(shape: [5, 8, 8], elements: Self.bands)), path: folder + "/bands.npy")
            let outcome = try Command.run(
                "predict", model, "\(folder)/bands.npy", "--preset", "imagenet", "--json", "--resize", "squash")
            #expect(outcome.status == 0 && outcome.errors.contains("0.449") && outcome.errors.contains("--channels"))
            // Small numbers on a scale for 0...255 are worth a word.
            let unit = Tensor<Float>(repeating: 0.5, shape: [5, 8, 8])
            try Numpy.write(AnyTensor(unit), path: folder + "/unit.npy")
            let doubtful = try Command.run("predict", model, "\(folder)/unit.npy", "--preset", "zero-to-one")
            #expect(doubtful.status == 0 && doubtful.errors.contains("--scale 1"))
        }
    }

    @Test func noGuessContradictsAFlag() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder, side: 8, channels: 3)
            try Picture(width: 8, height: 8, red: 9).write(to: folder + "/photo.png")
            func notes(_ flags: String...) throws -> [String] {
                try Command.run(["predict", model, "\(folder)/photo.png"] + flags).errors.split(separator: "\n")
                    .map(String.init)
            }
            #expect(try notes().contains { $0.contains("centre crop") })
            #expect(try notes().contains { $0.contains("ImageNet") })
            for resize in ["squash", "squash:8x8", "letterbox"] {
                let said = try notes("--resize", resize)
                #expect(!said.contains { $0.contains("crop") } && said.contains { $0.contains("ImageNet") })
            }
            for flags in [["--preset", "raw-255"], ["--scale", "1"], ["--mean", "0.5"], ["--std", "2"]] {
                let said = try notes(flags[0], flags[1])
                #expect(!said.contains { $0.contains("ImageNet") } && said.contains { $0.contains("centre crop") })
            }
        }
    }
}
