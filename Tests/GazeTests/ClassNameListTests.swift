import Foundation
import Gaze
import TestSupport
import Testing

/// Lists of class names in the forms that people have, written by hand: a name never stands at another class than its own.
@Suite struct ClassNameListTests {
    struct Form: Sendable, CustomTestStringConvertible {
        let file: String
        let text: String
        var names: [String] = ["tench, Tinca tinca", "goldfish", "great white shark"]
        var testDescription: String { "\(file): \(text.prefix(40))" }
    }

    static let identifiers = ["n01440764": 0, "n01443537": 1, "n01484850": 2]

    static let forms = [
        Form(file: "a.txt", text: "tench, Tinca tinca\ngoldfish\ngreat white shark\n\n\n"),
        Form(file: "a.names", text: "# fish\n\ntench, Tinca tinca\ngoldfish\r\ngreat white shark"),
        Form(file: "a.csv", text: "0,\"tench, Tinca tinca\"\n1,goldfish\n2,great white shark\n"),
        Form(file: "a.csv", text: "index,name\r\n2,great white shark\r\n1,goldfish\r\n0,\"tench, Tinca tinca\"\r\n"),
        Form(file: "a.txt", text: "0,tench,Tinca tinca\n1,goldfish\n2,great white shark\n"),
        Form(file: "a.csv", text: "name,id\n\"tench, Tinca tinca\",0\ngoldfish,1\ngreat white shark,2\n"),
        Form(file: "a.csv", text: "goldfish,1\n\"tench, Tinca tinca\",0\ngreat white shark,2\n"),
        Form(
            file: "a.csv",
            text: "class,supercategory\n\"tench, Tinca tinca\",fish\ngoldfish,fish\ngreat white shark,fish\n"),
        Form(file: "a.csv", text: "name\n\"tench, Tinca tinca\"\ngoldfish\ngreat white shark\n"),
        Form(
            file: "a.csv",
            text: "id,mid,display_name\n0,/m/1,\"tench, Tinca tinca\"\n1,/m/2,goldfish\n2,/m/3,great white shark\n"),
        Form(file: "a.tsv", text: "1\tgoldfish\n0\ttench, Tinca tinca\n2\tgreat white shark\n"),
        Form(file: "a.txt", text: "0: 'tench, Tinca tinca',\n1: 'goldfish',\n2: 'great white shark'\n"),
        Form(file: "a.txt", text: "0  tench, Tinca tinca\n1  goldfish\n2  great white shark\n"),
        Form(file: "a.json", text: #"["tench, Tinca tinca", "goldfish", "great white shark"]"#),
        Form(file: "a.json", text: #"{"0": "tench, Tinca tinca", "2": "great white shark", "1": "goldfish"}"#),
        Form(file: "a.json", text: #"{"goldfish": 1, "tench, Tinca tinca": 0, "great white shark": 2}"#),
        Form(file: "a.txt", text: "{0: 'tench, Tinca tinca',\n 1: 'goldfish',\n 2: 'great white shark'}"),
        Form(
            file: "config.json",
            text:
                #"{"model_type": "vit", "id2label": {"0": "tench, Tinca tinca", "1": "goldfish", "2": "great white shark"}, "label2id": {"x": 0}}"#
        ),
        Form(
            file: "a.json",
            text:
                #"{"categories": [{"id": 2, "name": "great white shark"}, {"id": 0, "name": "tench, Tinca tinca"}, {"id": 1, "name": "goldfish"}]}"#
        ),
        Form(
            file: "data.yaml",
            text: "path: x\nnc: 3\nnames:\n  0: tench, Tinca tinca\n  1: goldfish\n  2: great white shark\n"),
        Form(file: "data.yml", text: "names: ['tench, Tinca tinca', goldfish, great white shark]\n"),
        Form(file: "list.yaml", text: "---\n- tench, Tinca tinca\n- goldfish\n- great white shark\n"),
        Form(file: "yes.yaml", text: "names: [yes, no, 1e3]", names: ["yes", "no", "1e3"]),
        Form(file: "digits.txt", text: "0\n1\n2\n", names: ["0", "1", "2"]),
        Form(file: "things.txt", text: "thing 1\nthing 2\nthing 3\n", names: ["thing 1", "thing 2", "thing 3"]),
        Form(file: "balls.txt", text: "3 balls\n7 balls\n", names: ["3 balls", "7 balls"]),
        Form(file: "tags.txt", text: "#cats\n#dogs\n", names: ["#cats", "#dogs"]),
        Form(file: "characters.txt", text: "[UNK]\na\nb\n", names: ["[UNK]", "a", "b"]),
        Form(file: "line.txt", text: "cat,dog,bird", names: ["cat", "dog", "bird"]),
    ]

    private func list(_ text: String, _ file: String) throws -> ClassNameList {
        try TemporaryFolder.with { folder in
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(file)"))
            return try ClassNameList(contentsOf: "\(folder)/\(file)")
        }
    }

    private struct WrittenFiles: Decodable {
        struct File: Decodable {
            let file: String
            let text: String
            let names: [String]
        }

        let cases: [File]
    }

    /// Python's `csv`, `json` and `repr` and PyYAML wrote these (`Scripts/golden/label_files.py`).
    @Test func filesThatPythonWroteAreRead() throws {
        let cases = try Golden.decode(WrittenFiles.self, "label-files.json").cases
        #expect(cases.count == 395)
        for known in cases {
            #expect(try list(known.text, known.file).names == known.names, "\(known.file): \(known.text)")
        }
    }

    @Test(arguments: forms, ["", "\u{FEFF}"])
    func formsAreRead(form: Form, mark: String) throws {
        #expect(try list(mark + form.text, form.file).names == form.names)
    }

    @Test(arguments: [
        ("synset_words.txt", "n01440764 tench, Tinca tinca\nn01443537 goldfish\nn01484850 great white shark\n"),
        ("synsets.csv", "n01440764,\"tench, Tinca tinca\"\nn01443537,goldfish\nn01484850,great white shark\n"),
        (
            "imagenet_class_index.json",
            #"{"0": ["n01440764", "tench, Tinca tinca"], "1": ["n01443537", "goldfish"], "2": ["n01484850", "great white shark"]}"#
        ),
        ("a.csv", "2,n01484850,great white shark\n0,n01440764,\"tench, Tinca tinca\"\n1,n01443537,goldfish\n"),
    ])
    func identifiersOfWordNetStandBesideNames(file: String, text: String) throws {
        let list = try list(text, file)
        #expect(list.names == Self.forms[0].names && list.identifiers == Self.identifiers)
    }

    @Test func labelMapsAreRead() throws {
        let list = try list(
            """
            # from a detector
            item {
              name: "/m/01g317"
              id: 2
              display_name: "it's a \\"cat\\""
            }
            item: { id: 1, name: 'dog' keypoints { id: 9 label: 'nose' } }
            """, "label_map.pbtxt")
        #expect(list.isNumbered && list.names == ["class 0", "dog", "it's a \"cat\""])
    }

    @Test(arguments: [
        ("a.txt", "", "no name"), ("a.txt", "\n \n", "no name"), ("a.txt", "cat\n\ndog\n", "line 2"),
        ("a.html", "<!DOCTYPE html>\n<p>cat</p>", "page"), ("a.json", "[\"cat\", ", "JSON"),
        ("a.json", "cat\ndog", "JSON"), ("a.json", #"{"a": "b"}"#, "neither"), ("a.json", "[[1], null]", "no name"),
        ("a.csv", "0,cat\n0,dog\n", "two names have the number 0"), ("a.csv", "-1,cat\n0,dog\n", "number -1"),
        ("a.csv", "99999999,cat\n0,dog\n", "no class"), ("a.csv", "colour,size\nred,big\nblue,small\n", "columns"),
        ("a.csv", "0,cat,7\n1,dog,8\n", "columns"), ("a.yaml", "names: [a\n", "YAML"), ("a.yaml", "nc: 3\n", "keys"),
        ("a.pbtxt", "item { id: 1 name: 'cat' ", "damaged"), ("a.pbtxt", "item { name: 'cat' }", "no id"),
        ("a.txt", "cat\u{0}\ndog", "no text"), ("a.txt", "version https://git-lfs.github.com/spec/v1\noid x", "LFS"),
    ])
    func othersAreRefusedInASentence(file: String, text: String, reason: String) throws {
        let error = #expect(throws: GazeError.self) { try list(text, file) }
        let sentence = error.map { "\($0)" } ?? ""
        #expect(sentence.contains(reason) && sentence.contains(file), "\(sentence)")
    }

    @Test func damagedListsNeverCrash() throws {
        var random = SeededGenerator(seed: 3)
        let texts =
            Self.forms.map { (Data($0.text.utf8), $0.file) }
            + [(Data("item { id: 1 name: 'cat' }\nitem { id: 2 display_name: \"dog\" }".utf8), "map.pbtxt")]
        try TemporaryFolder.with { folder in
            var read = 0
            for round in 0..<10_000 {
                let (text, file) = texts[round % texts.count]
                let path = "\(folder)/\(file)"
                try text.mutated(using: &random).write(to: URL(fileURLWithPath: path))
                do {
                    let list = try ClassNameList(contentsOf: path)
                    read += 1
                    #expect(!list.entries.isEmpty && list.names.count > list.entries.count - 1)
                } catch is GazeError {}
            }
            #expect(read > 1000)
        }
    }

    // MARK: Counted against the model

    private func head(_ count: Int, _ kind: HeadDescription.Kind = .classifier) -> HeadDescription {
        HeadDescription(kind, output: "scores", classCount: count, reason: "")
    }

    @Test func theBackgroundOfTensorFlowIsShiftedAndSaid() throws {
        let list = ClassNameList((1...1000).map { "thing \($0)" })
        let labels = try list.labels(for: head(1001))
        #expect(labels.names?.count == 1001 && labels.names?[700] == "thing 700" && labels.names?[0] == "background")
        #expect(labels.note?.contains("1000 class names for 1001 classes") == true)
        #expect(try labels.index(of: "thing 1000", in: head(1001)) == 1000)
        let fitting = try list.labels(for: head(1000))
        #expect(fitting.note == nil && fitting.names?[0] == "thing 1")
        // A name for the background in front, and a model without one.
        let longer = ClassNameList(["background"] + (1...1000).map { "thing \($0)" })
        #expect(try longer.labels(for: head(1000)).names?[0] == "thing 1")
        #expect(try longer.labels(for: head(1001)).names?[1] == "thing 1")
        let map = try ClassNameList(["cat", "dog"]).labels(for: head(3, .segmentation))
        #expect(map.names == ["background", "cat", "dog"] && map.note != nil)
    }

    @Test func identifiersGoWithTheirNames() throws {
        let lines = (0..<1000).map { "n\(String(10_000_000 + $0)) thing \($0)\n" }.joined()
        let labels = try list(lines, "words.txt").labels(for: head(1001))
        #expect(labels.identifiers["n10000699"] == 700 && labels.names?[700] == "thing 699")
    }

    @Test(arguments: [2, 4, 6, 1000])
    func otherCountsAreRefusedOrLeftOut(count: Int) throws {
        let names = (0..<count).map { "name \($0)" }
        let error = #expect(throws: GazeError.self) { try ClassNameList(names).labels(for: head(5)) }
        #expect(error.map { "\($0)".contains("\(count) names") && "\($0)".contains("5 classes") } == true)
        for source in [ClassNameList.Source.sidecar, .metadata] {
            let labels = try ClassNameList(names, source: source).labels(for: head(5))
            #expect(labels.names == nil && labels.note?.contains("\(count) class names") == true)
        }
    }

    @Test func numbersFromOneAreThoseOfTheClassesOrOneMore() throws {
        let list = try list("1,cat\n2,dog\n3,cow\n", "a.csv")
        let shifted = try list.labels(for: head(3))
        #expect(shifted.names == ["cat", "dog", "cow"] && shifted.note?.contains("from 1") == true)
        let whole = try list.labels(for: head(4))
        #expect(whole.names == ["background", "cat", "dog", "cow"] && whole.note?.contains("background") == true)
        #expect(throws: GazeError.self) { try list.labels(for: head(7)) }
        // COCO's numbers have gaps: by number where the model keeps them, else in their order.
        let gaps = try self.list(#"[{"id": 1, "name": "a"}, {"id": 3, "name": "b"}, {"id": 6, "name": "c"}]"#, "a.json")
        #expect(try gaps.labels(for: head(7)).names?[6] == "c")
        #expect(try gaps.labels(for: head(6)).names?[5] == "c")
        #expect(try gaps.labels(for: head(3)).names == ["a", "b", "c"])
    }

    @Test func classesOfOneNameKeepApart() throws {
        let labels = try ClassNameList(["crane", "ant", "crane", "Bee", "bee"]).labels(for: head(5))
        #expect(labels.shown == ["crane (0)", "ant", "crane (2)", "Bee", "bee"])
        #expect(try labels.index(of: "crane (2)", in: head(5)) == 2)
        #expect(try labels.index(of: "Bee", in: head(5)) == 3 && labels.index(of: "bee", in: head(5)) == 4)
        for (text, classes) in [("crane", [0, 2]), ("Crane", [0, 2]), ("BEE", [3, 4])] {
            #expect(throws: GazeError.sharedName(text: text, classes: classes)) {
                try labels.index(of: text, in: head(5))
            }
        }
    }

    @Test func filesOfDifferentResultsHaveDifferentNames() {
        var files = ExplanationFiles(folder: "out")
        let long = String(repeating: "日", count: 200)
        let asked = [
            ("a/cat.png", "crane (0)", "gradcam"), ("a/cat.png", "crane (2)", "gradcam"),
            ("b/cat.png", "crane (0)", "gradcam"), ("a/cat.jpg", "crane (0)", "gradcam"),
            ("a/Cat.png", "crane (0)", "gradcam"), ("a/cat.png", "Bee", "gradcam"), ("a/cat.png", "bee", "gradcam"),
            ("a/cat.png", "c++", "gradcam"), ("a/cat.png", "c#", "gradcam"), ("a/cat.png", "bee", "Gradcam"),
            ("a/cat.png", "crane, bird (0)", "gradcam"), ("a/cat.png", "crane, bird (2)", "gradcam"),
            ("a/\(long).png", long, "gradcam"), ("a/\(long)1.png", long, "gradcam"),
        ]
        let stems = asked.map { files.claim(image: $0, subject: $1, label: $2) }
        #expect(Set(stems.map { $0.lowercased() }).count == asked.count, "\(stems)")
        #expect(stems[0] == "cat.crane-0.gradcam" && stems[1] == "cat.crane-2.gradcam")
        #expect(stems.allSatisfy { $0.utf8.count + 5 <= 255 })
        // The same result is the same file.
        #expect(asked.map { files.claim(image: $0, subject: $1, label: $2) } == stems)
    }
}
