import Foundation
import Imaging
import TestSupport
import Testing

@Suite struct EvaluateCommandTests {
    /// A model, and three pictures of it, one of them broken where asked for.
    private func material(in folder: String, isBroken: Bool = false) throws -> [String] {
        let model = try TinyClassifier.write(into: folder, side: 8, channels: 3)
        let pictures = folder + "/pictures"
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
        for number in 0..<3 {
            var picture = Picture(width: 8, height: 8)
            picture.mutatePixels { pixels in
                for index in 0..<64 { pixels[index * 3] = index % 8 < 2 + number ? 255 : 0 }
            }
            try picture.write(to: "\(pictures)/\(number).png")
        }
        if isBroken { try Data("x".utf8).write(to: URL(fileURLWithPath: pictures + "/3.png")) }
        return ["evaluate", model, pictures, "--preset", "zero-to-one", "-o", folder + "/out", "--no-references"]
    }

    @Test func aTableFilesAndRows() throws {
        try TemporaryFolder.with { folder in
            let arguments = try material(in: folder) + ["-m", "gradcam", "-m", "gradient", "--metrics", "sparseness"]
            let table = try Command.run(arguments)
            #expect(table.status == 0, "\(table.errors)")
            #expect(table.output.contains("sparseness ↑") && table.output.contains("gradient"))
            let lines = try String(contentsOfFile: folder + "/out/results.jsonl", encoding: .utf8)
            #expect(lines.split(separator: "\n").count == 6)
            for name in ["summary.csv", "summary.md", "times.csv", "results.sqlite"] {
                #expect(FileManager.default.fileExists(atPath: "\(folder)/out/\(name)"))
            }
            let json = try Command.run(arguments + ["--json"])
            let rows = try #require(
                try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
            #expect(rows.count == 4)
            for row in rows {
                for key in ["metric", "method", "value", "low", "high", "count", "better"] { #expect(row[key] != nil) }
            }
            #expect(try String(contentsOfFile: folder + "/out/results.jsonl", encoding: .utf8) == lines)
        }
    }

    @Test func exitCodesTellWhatHappened() throws {
        try TemporaryFolder.with { folder in
            let arguments = try material(in: folder, isBroken: true) + ["-m", "gradcam", "--metrics", "sparseness"]
            let broken = try Command.run(arguments)
            #expect(broken.status == 1 && broken.errors.contains("3.png"))
            #expect(try Command.run(arguments + ["--fail-under", "sparseness=0.999"]).status == 3)
            #expect(try Command.run(arguments + ["--fail-under", "gradcam:sparseness=0", "--limit", "1"]).status == 0)
            #expect(try Command.run(arguments + ["--fail-under", "nothing=0"]).status == 64)
            #expect(try Command.run(arguments + ["--limit", "0"]).status == 64)
            #expect(try Command.run(arguments + ["--metrics", "sparsness"]).status == 64)
            #expect(try Command.run(arguments + ["--format", "tarball"]).status == 64)
            #expect(try Command.run(arguments + ["--store", "x", "--no-store"]).status == 64)
            let foreign = try Command.run(arguments + ["--store", folder + "/pictures/0.png"])
            #expect(foreign.status == 2 && foreign.sentences.count == 1 && foreign.errors.contains("0.png"))
            var missing = arguments
            missing[2] = folder + "/nowhere"
            #expect(try Command.run(missing).status == 2)
        }
    }

    /// Interrupted by Control-C, killed in the middle, and run once more: nothing is lost, nothing doubled.
    @Test(arguments: [SIGINT, SIGKILL]) func aRunThatWasCutGoesOn(signal: Int32) throws {
        try TemporaryFolder.with { folder in
            let first = try material(in: folder)
            // Enough pictures that the signal comes in the middle.
            for number in 3..<60 {
                var picture = Picture(width: 8, height: 8)
                picture.mutatePixels { pixels in
                    for index in 0..<192 { pixels[index] = UInt8((index * (number + 7)) % 251) }
                }
                try picture.write(to: "\(folder)/pictures/\(number).png")
            }
            let arguments =
                Array(first.prefix(5)) + [
                    "--no-references",
                    "-m", "gradcam", "-m", "occlusion:window=2x2,stride=1x1", "--metrics",
                    "deletion:steps=64,insertion:steps=64,sparseness",
                ]
            func output(_ name: String) -> [String] { ["-o", "\(folder)/\(name)"] }
            let partial = folder + "/cut/results.jsonl.partial"
            let cut = try Command.run(
                arguments + output("cut"),
                interrupt: (signal, { ((try? Data(contentsOf: URL(fileURLWithPath: partial)))?.count ?? 0) > 4000 }))
            let lines = { (name: String) in
                try String(contentsOfFile: "\(folder)/\(name)/results.jsonl", encoding: .utf8).split(separator: "\n")
            }
            if signal == SIGINT {
                #expect(cut.status == 130 && cut.errors.contains("interrupted"), "\(cut.errors)")
                let kept = try lines("cut").count
                #expect(kept > 0 && kept < 120)
            } else {
                #expect(cut.status == SIGKILL)
                // A line that was half written when the process was killed.
                let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: partial))
                try handle.seekToEnd()
                try handle.write(contentsOf: Data("{\"image\":\"x".utf8))
                try handle.close()
            }
            let rest = try Command.run(arguments + output("cut"))
            #expect(rest.status == 0, "\(rest.errors)")
            #expect(rest.errors.contains(" were known from \(folder)/cut/results.sqlite."), "\(rest.errors)")
            let whole = try Command.run(arguments + output("whole"))
            #expect(whole.status == 0 && whole.errors.contains("360 numbers were measured.\n"), "\(whole.errors)")
            #expect(try lines("cut") == lines("whole") && Set(lines("cut")).count == lines("cut").count)
            #expect(
                try String(contentsOfFile: folder + "/cut/summary.csv", encoding: .utf8)
                    == String(contentsOfFile: folder + "/whole/summary.csv", encoding: .utf8))
            #expect(!FileManager.default.fileExists(atPath: partial))
        }
    }

    @Test func onlyWhatIsNewIsMeasured() throws {
        try TemporaryFolder.with { folder in
            let arguments = try material(in: folder) + ["-m", "gradcam"]
            func said(_ further: String...) throws -> String { try Command.run(arguments + further).errors }
            #expect(try said("--metrics", "sparseness").contains("3 numbers were measured.\n"))
            #expect(try said("--metrics", "sparseness").contains("0 numbers were measured, 3 were known from "))
            #expect(
                try said("--metrics", "sparseness,complexity").contains("3 numbers were measured, 3 were known from "))
            #expect(
                try said("--metrics", "sparseness,complexity", "-m", "gradient").contains(
                    "6 numbers were measured, 6 were known from "))
            try FileManager.default.copyItem(atPath: folder + "/pictures/0.png", toPath: folder + "/pictures/again.png")
            var other = Picture(width: 8, height: 8)
            other.mutatePixels { pixels in for index in 0..<64 { pixels[index * 3] = UInt8(index) } }
            try other.write(to: folder + "/pictures/9.png")
            // What is known of a picture is known of its copy.
            #expect(try said("--metrics", "sparseness").contains("1 number was measured, 4 were known from "))
        }
    }

    @Test func trivialMapsStandBesideTheNumbers() throws {
        try TemporaryFolder.with { folder in
            var arguments = try material(in: folder).filter { $0 != "--no-references" }
            let table = "file,xmin,ymin,xmax,ymax\n" + (0..<3).map { "\($0).png,0,0,\(2 + $0),8\n" }.joined()
            try Data(table.utf8).write(to: URL(fileURLWithPath: folder + "/pictures/boxes.csv"))
            arguments += ["-m", "gradcam", "--json", "--metrics", "box-iou,deletion:steps=4"]
            let outcome = try Command.run(arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let rows = try #require(
                try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
            func methods(_ metric: String) -> [String] {
                rows.filter { $0["metric"] as? String == metric }.compactMap { $0["method"] as? String }
            }
            #expect(
                methods("box-iou") == [
                    "gradcam", "whole-image", "centred-box", "centred-gaussian", "random-map", "sobel",
                ])
            #expect(methods("deletion") == ["gradcam", "centred-gaussian", "random-map", "sobel"])
            #expect(methods("seconds") == ["gradcam"])
            // The object's part of the picture: 2, 3 and 4 of 8 columns.
            let whole = rows.first { $0["metric"] as? String == "box-iou" && $0["method"] as? String == "whole-image" }
            #expect(abs((whole?["value"] as? Double ?? 0) - 9.0 / 24) < 1e-6)
            #expect(whole?["reference"] as? Bool == true)
            let csv = try String(contentsOfFile: folder + "/out/summary.csv", encoding: .utf8)
            #expect(csv.contains("box-iou,whole-image,0.375,"))
        }
    }

    @Test func adviceRanksMethods() throws {
        try TemporaryFolder.with { folder in
            let arguments =
                try material(in: folder) + [
                    "-m", "gradcam", "-m", "gradient-x-input", "--advise", "--checked-pictures", "2",
                ]
            let json = try Command.run(arguments + ["--json", "--metrics", "sparseness"])
            #expect(json.status == 0, "\(json.errors)")
            let rows = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
            let ranks = rows.filter { $0["metric"] as? String == "advice-rank" }
            #expect(ranks.compactMap { $0["value"] as? Double } == [1, 2])
            #expect(
                Set(rows.compactMap { $0["metric"] as? String }).isSuperset(of: [
                    "deletion", "insertion", "insertion-minus-deletion",
                ]))
            for row in rows { for key in ["metric", "method", "value", "low", "high"] { #expect(row[key] != nil) } }
            let advice = try #require(
                try JSONSerialization.jsonObject(
                    with: Data(contentsOf: URL(fileURLWithPath: folder + "/out/advice.json"))) as? [String: Any])
            let sentence = try #require(advice["sentence"] as? String)
            #expect(
                (advice["ranking"] as? [[String: Any]])?.compactMap { $0["method"] as? String }
                    == ranks.compactMap { $0["method"] as? String })
            #expect(try String(contentsOfFile: folder + "/out/summary.md", encoding: .utf8).contains(sentence))
            let again = try Command.run(arguments + ["--metrics", "sparseness"])
            #expect(again.output.contains(sentence) && again.errors.contains("0 numbers were measured, "))
            #expect(try Command.run(arguments + ["--checked-pictures", "0"]).status == 64)
        }
    }

    @Test func classesGoByOtherNames() throws {
        try TemporaryFolder.with { folder in
            let arguments = try material(in: folder) + ["-m", "gradcam", "--metrics", "sparseness"]
            try Data("file,breed\n0.png,Abyssinian\n1.png,Birman\n".utf8).write(
                to: URL(fileURLWithPath: folder + "/pictures/list.csv"))
            let unknown = try Command.run(arguments)
            #expect(
                unknown.status == 0 && unknown.errors.contains("the class of 2 of 2 pictures is none of the model's"))
            let map = folder + "/classes.txt"
            try Data("# breeds\nabyssinian = 2\n\nBirman= 1\n".utf8).write(to: URL(fileURLWithPath: map))
            let known = try Command.run(arguments + ["--class-map", map])
            #expect(known.status == 0 && !known.errors.contains("none of the model's"))
            let lines = try String(contentsOfFile: folder + "/out/results.jsonl", encoding: .utf8)
            #expect(lines.contains("\"class\":2") && lines.contains("\"class\":1"))
            for text in ["no sign", "a = ", "a = 1\na = 2", "a = name"] {
                try Data(text.utf8).write(to: URL(fileURLWithPath: map))
                let broken = try Command.run(arguments + ["--class-map", map])
                #expect(
                    broken.status == 2 && broken.sentences.count == 1 && broken.errors.contains("classes.txt"),
                    "\(text)")
            }
        }
    }

    @Test func metricsAreSeparatedByCommas() throws {
        try TemporaryFolder.with { folder in
            let outcome = try Command.run(
                try material(in: folder) + [
                    "-m", "gradcam", "--json", "--no-store", "--metrics",
                    "deletion:steps=4,score=target,sparseness,second=insertion:steps=2",
                ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let rows = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]]
            #expect(
                rows?.compactMap { $0["metric"] as? String } == ["deletion", "sparseness", "second", "seconds"])
            #expect(!FileManager.default.fileExists(atPath: folder + "/out/results.sqlite"))
        }
    }
}
