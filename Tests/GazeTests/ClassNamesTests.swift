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
