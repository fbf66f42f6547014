import Foundation
import Gaze
import TestSupport
import Testing

/// Texts of a few hundred bytes that stand for 10^11 values.
@Suite struct YAMLReferencesTests {
    private static let tens = (1...11).map { level in
        Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
    }

    private static let texts = [
        "? &a0 [1]\n: 1\n" + tens.enumerated().map { "? &a\($0 + 1) [\($1)]\n: 1\n" }.joined(),
        "k0: &a0 [1]\n" + tens.enumerated().map { "k\($0 + 1): &a\($0 + 1) [\($1)]\n" }.joined(),
        "k0: &a0 {x: 1}\n" + tens.enumerated().map { "k\($0 + 1): &a\($0 + 1) {<<: [\($1)]}\n" }.joined(),
        "? &a0 {? [1] : 1}\n: 1\n" + tens.enumerated().map { "? &a\($0 + 1) {? [\($1)] : 1}\n: 1\n" }.joined(),
    ]

    @Test(arguments: texts) func sidecarsAreRefusedAtOnce(_ text: String) throws {
        try TemporaryFolder.with { folder in
            let nested = "preprocessing:\n" + text.split(separator: "\n").map { "  \($0)\n" }.joined()
            for content in [text, nested] {
                try Data(content.utf8).write(to: URL(fileURLWithPath: folder + "/net.gaze.yaml"))
                let error = #expect(throws: GazeError.self) { try Sidecar.read(forModel: folder + "/net.onnx") }
                #expect("\(try #require(error))".contains("110 references"))
            }
        }
    }

    @Test(arguments: texts) func namesAreRefusedAtOnce(_ text: String) throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/names.yaml"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: GazeError.self) { try ClassNames.read(path: path) }
            #expect("\(try #require(error))".contains("110 references"))
        }
    }

    /// A few references, and signs within names that are none, stay what they are.
    @Test func ordinaryTextsAreRead() throws {
        try TemporaryFolder.with { folder in
            let names = (0..<30).map { "cup & saucer *\($0)" }
            let path = folder + "/names.yaml"
            try Data(names.map { "- \($0)\n" }.joined().utf8).write(to: URL(fileURLWithPath: path))
            #expect(try ClassNames.read(path: path) == names)
            let sidecar = """
                preprocessing: {resize: squash:16x16, filter: bilinear, channels: rgb, scale: 1, layout: nchw, mean: &three [1, 1, 1], std: *three}
                """
            try Data(sidecar.utf8).write(to: URL(fileURLWithPath: folder + "/net.gaze.yaml"))
            let read = try #require(try Sidecar.read(forModel: folder + "/net.onnx"))
            #expect(read.preprocessing?.mean == [1, 1, 1] && read.preprocessing?.standardDeviation == [1, 1, 1])
        }
    }

    @Test(arguments: [
        ("preprocessing: {scale: 1}", "the key 'resize' is missing"),
        ("layer: [1]", "layer: something else is needed there"),
        ("layer: a\nlayer: b", "the key 'layer' stands twice"),
        ("layer: \u{1}", "a character that YAML does not permit"),
        ("preprocessing: {resize: squash:16x16, scale: {}}", "preprocessing.scale: something else is needed there"),
    ])
    func whatIsWrongIsSaidInWords(_ text: String, _ words: String) throws {
        try TemporaryFolder.with { folder in
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/net.gaze.yaml"))
            let error = #expect(throws: GazeError.self) { try Sidecar.read(forModel: folder + "/net.onnx") }
            let sentence = "\(try #require(error))"
            #expect(sentence.contains(words) && !sentence.contains("CodingKeys"), "\(sentence)")
        }
    }

    @Test func pipesAreRefused() throws {
        try TemporaryFolder.with { folder in
            #expect(unsafe mkfifo(folder + "/net.gaze.yaml", 0o600) == 0)
            #expect(throws: GazeError.self) { try Sidecar.read(forModel: folder + "/net.onnx") }
            #expect(throws: (any Error).self) { try GivenInput(folder + "/net.gaze.yaml") }
        }
    }
}
