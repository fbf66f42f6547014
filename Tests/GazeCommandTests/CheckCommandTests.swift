import Foundation
import Imaging
import TestSupport
import Testing

/// `gaze check` and `gaze explain --check` with the digit network of the Evaluation tests.
@Suite struct CheckCommandTests {
    static let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("EvaluationTests/Golden")
    static let preprocessing = ["--resize", "squash"]

    private struct Digits: Decodable {
        let pictures: [[Float]]
    }

    /// Writes digits as pictures and gives their paths.
    private func pictures(_ count: Int, in folder: String) throws -> [String] {
        let digits = try JSONDecoder().decode(
            Digits.self, from: Data(contentsOf: Self.golden.appendingPathComponent("digits.json")))
        return try (0..<count).map { number in
            let pixels = digits.pictures[number].flatMap { value -> [UInt8] in
                let grey = UInt8(min(max(value, 0), 1) * 255)
                return [grey, grey, grey]
            }
            let path = "\(folder)/digit\(number).png"
            try Picture(width: 16, height: 16, pixels: pixels).write(to: path)
            return path
        }
    }

    private var model: String { Self.golden.appendingPathComponent("digits.onnx").path }

    private func check(_ pictures: [String], _ options: String...) throws -> Command.Outcome {
        try Command.run(["check", model] + pictures + Self.preprocessing + options)
    }

    private func rows(_ outcome: Command.Outcome) throws -> [[String: Any]] {
        try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
    }

    @Test func aFailureIsExitCodeThreeAndAListOfVerdicts() throws {
        try TemporaryFolder.with { folder in
            let pictures = try pictures(10, in: folder)
            let outcome = try check(
                pictures, "-m", "gradient", "-m", "guided-backprop", "--json", "-o", folder + "/out")
            #expect(outcome.status == 3, "\(outcome.errors)")
            let rows = try rows(outcome)
            #expect(rows.map { $0["method"] as? String } == ["gradient", "guided-backprop"])
            #expect(rows.map { $0["verdict"] as? String } == ["PASS", "FAIL"])
            for row in rows {
                let numbers = try #require(row["numbers"] as? [String: Double])
                #expect(numbers["randomised"] != nil && numbers["floor"] != nil && numbers["edges"] != nil)
                #expect((row["curves"] as? [Any])?.count == 4)
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/out").sorted()
            #expect(
                names == [
                    "check.csv", "check.hog.png", "check.json", "check.png", "check.spearman-abs.png",
                    "check.spearman-diverging.png", "check.ssim.png",
                ])
            // A line a method, picture, step and similarity.
            let table = try String(contentsOfFile: folder + "/out/check.csv", encoding: .utf8)
            #expect(table.split(separator: "\n").count == 1 + 2 * 10 * 6 * 4)
            for name in names where name.hasSuffix(".png") {
                #expect(try Picture(contentsOf: "\(folder)/out/\(name)").width > 400)
            }
        }
    }

    @Test func whatPassesIsExitCodeZeroAndATable() throws {
        try TemporaryFolder.with { folder in
            let outcome = try check(try pictures(10, in: folder), "-m", "gradient", "--mode", "independent")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("PASS  gradient") && outcome.output.contains("independent"))
            #expect(!outcome.output.contains("-0.00"))
            let again = try check(
                try pictures(4, in: folder), "-m", "gradient", "--random-labels",
                Self.golden.appendingPathComponent("digits_permuted.onnx").path, "--blocks", "2")
            #expect(again.output.contains("like the map of the model with permuted labels by spearman-diverging"))
        }
    }

    /// What few pictures cannot tell is said, with the verdicts that it may be, and is no failure.
    @Test func whatPicturesDoNotTellIsUndecided() throws {
        try TemporaryFolder.with { folder in
            let pictures = try pictures(3, in: folder)
            let few = try check(pictures, "-m", "guided-gradcam", "--blocks", "3", "--json")
            #expect(few.status == 0, "\(few.errors)")
            let row = try #require(try rows(few).first)
            #expect(row["verdict"] as? String == "UNDECIDED" && (row["possible"] as? [String])?.last == "FAIL")
            let intervals = try #require(row["intervals"] as? [String: Any])
            #expect(intervals["unit"] as? String == "pictures" && intervals["count"] as? Int == 3)
            let kept = try #require(intervals["diverging"] as? [String: Double])
            #expect((kept["low"] ?? 1) < 0.5 && (kept["high"] ?? 0) > 0.5)
            let two = try check(Array(pictures.prefix(2)), "-m", "guided-backprop", "--blocks", "2")
            #expect(two.status == 0 && two.output.contains("UNDECIDED  guided-backprop"))
            #expect(two.output.contains("2 pictures have no interval, so nothing is decided: give three or more"))
            // Draws speak about one picture.
            let one = try check(Array(pictures.prefix(1)), "-m", "guided-backprop", "--blocks", "6", "--seeds", "4")
            #expect(one.status == 3 && one.output.contains("for this picture, do not use it to judge this model"))
        }
    }

    @Test func oneBrokenPictureStopsNoOther() throws {
        try TemporaryFolder.with { folder in
            try Data("no picture".utf8).write(to: URL(fileURLWithPath: folder + "/bad.png"))
            let pictures = try [folder + "/bad.png"] + pictures(3, in: folder)
            let outcome = try check(pictures, "-m", "gradient", "--blocks", "3", "--json")
            #expect(outcome.status == 1 && outcome.sentences.count == 1 && outcome.errors.contains("bad.png"))
            #expect(try rows(outcome).count == 1)
            // A failed check says more than a failed picture.
            #expect(try check(pictures, "-m", "sobel", "--blocks", "2").status == 3)
            let alone = try check([folder + "/bad.png"], "-m", "gradient", "-o", folder + "/out")
            #expect(alone.status == 2 && alone.sentences.count == 1 && alone.output.isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/out").isEmpty)
            let empty = try check([pictures[1]], "-m", "constant")
            #expect(empty.status == 2 && empty.errors.contains("no picture has maps that could be compared"))
        }
    }

    @Test(arguments: [
        ["--mode", "sideways"], ["--target", "any"], ["--seeds", "0"], ["--seeds", "x"], ["--blocks", "1"],
        ["--blocks", "few"], ["--smooth", "-1"], ["--initialiser", "uniform"],
        ["--initialiser", "truncated-normal:deviation=-1"], ["-m", "gradcan"], ["-m", "gradient", "-m", "gradient"],
    ])
    func badOptionsAreUsageErrors(_ options: [String]) throws {
        let outcome = try Command.run(["check", "m.onnx", "a.png"] + options)
        #expect(outcome.status == 64 && outcome.output.isEmpty, "\(outcome.errors)")
    }

    /// The verdict stands with each map, and in its record.
    @Test func explainSaysWhetherAMapCanBeBelieved() throws {
        try TemporaryFolder.with { folder in
            let pictures = try pictures(2, in: folder)
            let arguments =
                ["explain", model, pictures[1], "-m", "gradcam", "-m", "guided-backprop", "-o", folder + "/out"]
                + Self.preprocessing
            let outcome = try Command.run(arguments + ["--check", "--json"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let records = try rows(outcome)
            let verdicts = records.map { ($0["check"] as? [String: Any])?["verdict"] as? String }
            try #require(verdicts.count == 2)
            #expect(verdicts[1] == "FAIL" && verdicts[0] != nil)
            let numbers = try #require((records[1]["check"] as? [String: Any])?["numbers"] as? [String: Double])
            #expect((numbers["randomisedDiverging"] ?? 0) > 0.8)
            let notes = try #require(records[0]["notes"] as? [String])
            #expect(notes.contains { $0.contains("upside down") })
            let words = try Command.run(arguments + ["--check"])
            #expect(words.output.contains("check  FAIL: guided-backprop: "))
            // Without it nothing is said.
            let plain = try Command.run(arguments + ["--json"])
            #expect(try rows(plain).allSatisfy { $0["check"] == nil })
        }
    }
}
