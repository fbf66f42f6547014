import Foundation
import Gaze
import TestSupport
import Testing

@Suite struct ClassNamesTests {
    let names = ["tabby, tabby cat", "tiger cat", "Egyptian cat", "crane", "crane"]

    @Test func classesAreFoundByIndexNameAndSynonym() throws {
        #expect(try ClassNames.index(of: "2", names: names, count: 5) == 2)
        #expect(try ClassNames.index(of: "egyptian CAT", names: names, count: 5) == 2)
        #expect(try ClassNames.index(of: "tabby cat", names: names, count: 5) == 0)
        #expect(try ClassNames.index(of: "tiger", names: names, count: 5) == 1)
    }

    @Test func unclearClassesAreRefused() throws {
        for text in ["9", "-1", "cat", "zebra"] {
            #expect(throws: GazeError.self, "\(text)") { try ClassNames.index(of: text, names: names, count: 5) }
        }
        #expect(throws: GazeError.self) { try ClassNames.index(of: "tiger cat", names: nil, count: 5) }
    }

    @Test func labelFilesLoseTheirSynsets() throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/labels.txt"
            try "n01440764 tench, Tinca tinca\nn01443537 goldfish\n\n".write(
                toFile: path, atomically: true, encoding: .utf8)
            #expect(try ClassNames.read(path: path) == ["tench, Tinca tinca", "goldfish"])
            #expect(throws: GazeError.self) { try ClassNames.read(path: folder + "/absent.txt") }
        }
    }

    /// As Windows writes texts: a byte order mark, and lines that end in CR and LF.
    @Test(arguments: ["\n", "\r\n", "\r"], ["", "\u{FEFF}"])
    func textsOfOtherSystemsAreRead(ending: String, mark: String) throws {
        try TemporaryFolder.with { folder in
            func write(_ lines: [String], to name: String) throws -> String {
                try Data((mark + lines.joined(separator: ending) + ending).utf8).write(
                    to: URL(fileURLWithPath: folder + name))
                return folder + name
            }
            let labels = try write(["n01440764 tench, Tinca tinca", "n01443537 goldfish"], to: "/labels.txt")
            #expect(try ClassNames.read(path: labels) == ["tench, Tinca tinca", "goldfish"])
            #expect(try ClassNames.identifiers(path: labels) == ["n01440764": 0, "n01443537": 1])
            let map = try write(["tincas = tench", "", "# more", "7 = 1"], to: "/map.txt")
            #expect(
                try ClassMap.read(path: map, names: ["tench, Tinca tinca", "goldfish"]) == ["tincas": 0, "7": 1])
        }
    }

    @Test func filesThatAreNoTextsAreRefusedInASentence() throws {
        try TemporaryFolder.with { folder in
            try Data([0x63, 0xFF, 0x0A]).write(to: URL(fileURLWithPath: folder + "/latin.txt"))
            for path in ["/dev/zero", folder, folder + "/latin.txt"] {
                let error = #expect(throws: GazeError.self) { try ClassNames.read(path: path) }
                #expect(error.map { !"\($0)".contains("Domain") && "\($0)".contains(path) } == true)
                #expect(throws: GazeError.self) { try ClassMap.read(path: path, names: nil, count: 3) }
            }
        }
    }

    @Test func sidecarsAreWrittenAndRead() throws {
        try TemporaryFolder.with { folder in
            let model = folder + "/net.onnx"
            #expect(try Sidecar.read(forModel: model) == nil)
            let sidecar = Sidecar(
                preprocessing: PreprocessingPreset.caffe.preprocessing(resize: .squash(width: 224, height: 224)),
                labels: .file("labels.txt"), layer: "features.8")
            try sidecar.write(forModel: model)
            #expect(try Sidecar.read(forModel: model) == sidecar)
            try "preprocessing: [\n".write(toFile: folder + "/net.gaze.yaml", atomically: true, encoding: .utf8)
            #expect(throws: GazeError.self) { try Sidecar.read(forModel: model) }
            try "labells: a.txt\n".write(toFile: folder + "/net.gaze.yaml", atomically: true, encoding: .utf8)
            #expect(throws: GazeError.self) { try Sidecar.read(forModel: model) }
        }
    }
}
