import Explanations
import Foundation
import Tensors
import TestSupport
import Testing

/// What files state about themselves, as exporters write it; texts with signs of every kind come from Python (`Scripts/golden/metadata.py`).
@Suite struct MetadataTests {
    struct Index: Decodable {
        let cases: [Case]
    }

    struct Case: Decodable {
        let key: String
        let text: String
        let names: [String]
    }

    @Test func namesAreThoseThatPythonWrote() throws {
        let cases = try Golden.decode(Index.self, "metadata.json").cases
        #expect(cases.count > 150)
        for known in cases {
            #expect(ModelMetadata([known.key: known.text]).classNames == known.names, "\(known.key): \(known.text)")
        }
    }

    @Test func ultralyticsStatesItsFacts() {
        let metadata = ModelMetadata([
            "author": "Ultralytics", "task": "pose", "stride": "32", "imgsz": "[480, 640]", "kpt_shape": "[17, 3]",
            "names": "{0: 'person', 2: \"it's\"}", "end2end": "False", "batch": "1",
        ])
        #expect(metadata.classNames == ["person", "class 1", "it's"])
        #expect(metadata.task == .keyPoints)
        #expect(metadata.inputSize == ModelMetadata(["imgsz": "(480, 640)"]).inputSize)
        #expect(metadata.inputSize?.height == 480 && metadata.inputSize?.width == 640)
        #expect(metadata.stride == 32)
        #expect(metadata.keyPoints?.count == 17 && metadata.keyPoints?.numbers == 3)
        #expect(metadata.isEndToEnd == false)
        #expect(metadata.isUltralytics)
        #expect(!ModelMetadata(["author": "somebody"]).isUltralytics)
    }

    @Test(arguments: [
        ("labels", "cat\ndog\n  red fox \n"), ("Classes", "cat, dog,red fox"), ("model_info/labels", "cat,dog,red fox"),
        ("config", #"{"hidden": 3, "id2label": {"0": "cat", "1": "dog", "2": "red fox"}}"#),
        ("names", #"{"dog": 1, "cat": 0, "red fox": 2}"#),
    ])
    func otherFormsAreRead(_ key: String, _ text: String) {
        #expect(ModelMetadata([key: text]).classNames == ["cat", "dog", "red fox"])
    }

    @Test(arguments: [
        "", "cat", "{", "[", "{0: 'cat'", "{0: 'cat'}}", "{0: }", "{-1: 'cat'}", "{0: None}", "[None]", "['a' 'b']",
        "{0: ['a']}", "{1e99: 'a'}", "{999999999999: 'a'}", "__import__('os')", "{0: 'a' + 'b'}", "['\\ud800']",
        "['\\q']", "[nan]",
    ])
    func whatIsNoListOfNamesGivesNone(_ text: String) {
        #expect(ModelMetadata(["names": text]).classNames == nil)
    }

    @Test func nestingAndLengthAreBounded() {
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(ModelMetadata(["names": deep, "imgsz": deep]).classNames == nil)
        let long = "[" + String(repeating: "'a',", count: 2_000_000) + "]"
        #expect(ModelMetadata(["names": long]).classNames == nil)
    }

    @Test(arguments: [
        ("imgsz", "640", 640, 640), ("imgsz", "[320]", 320, 320), ("input_size", "[3, 300, 200]", 300, 200),
    ])
    func sizesAreRead(_ key: String, _ text: String, _ height: Int, _ width: Int) {
        let size = ModelMetadata([key: text]).inputSize
        #expect(size?.height == height && size?.width == width)
    }

    @Test func damagedTextsNeverCrash() {
        let texts = [
            #"{0: 'person', 1: "it's", 2: 'caf\xe9', "3": "\ud83d\ude00", 4: -1.5e3}"#,
            #"[{"id": 0, "name": "cat"}, {"id": 1, "name": "d\u00f6g"}, (True, None, null)]"#,
        ]
        var random = SeededGenerator(seed: 5)
        var read = 0
        for round in 0..<10_000 {
            let damaged = Data(texts[round % 2].utf8).mutated(using: &random)
            let metadata = ModelMetadata(["names": String(decoding: damaged, as: UTF8.self)])
            if let names = metadata.classNames {
                read += 1
                #expect(!names.isEmpty && names.count <= 1 << 17)
            }
        }
        #expect(read > 100)
    }
}
