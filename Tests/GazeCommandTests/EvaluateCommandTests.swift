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
