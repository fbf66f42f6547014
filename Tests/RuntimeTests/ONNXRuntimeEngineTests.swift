import Foundation
import Runtime
import Synchronization
import Tensors
import Testing

@Suite struct ONNXRuntimeEngineTests {
    @Test func namesItself() throws {
        let engine = try ONNXRuntimeEngine()
        #expect(engine.name == "ONNX Runtime")
        #expect(engine.version.split(separator: ".").count == 3)
        #expect(engine.threadCount >= 1)
        #expect(FileManager.default.fileExists(atPath: engine.path))
    }

    @Test func oneNumberOfThreads() throws {
        let engine = try ONNXRuntimeEngine()
        #expect(try ONNXRuntimeEngine(threads: engine.threadCount).threadCount == engine.threadCount)
        let other = engine.threadCount + 1
        #expect(throws: RuntimeError.threadCount(running: engine.threadCount, requested: other)) {
            try ONNXRuntimeEngine(threads: other)
        }
    }

    @Test func programsOutliveTheirEngine() throws {
        var engine: ONNXRuntimeEngine? = try ONNXRuntimeEngine()
        let program = try engine?.load(EngineModels.data("scalar"))
        engine = nil
        #expect(try program?.run(["x": tensor([1] as [Float], [])])["y"]?.floats == [-1])
    }

    @Test func modelsThatAreNone() throws {
        let engine = try ONNXRuntimeEngine()
        let valid = try EngineModels.data("convolution")
        for model in [Data(), Data([0]), Data("no model".utf8), valid.dropLast(20), Data(repeating: 0xFF, count: 4096)]
        {
            let error = #expect(throws: RuntimeError.self) { try engine.load(model) }
            #expect(error?.description.hasPrefix("ONNX Runtime could not load the model: ") == true)
        }
        let error = #expect(throws: RuntimeError.self) { try engine.load(EngineModels.data("unknown_operator")) }
        #expect(error?.description.contains("NoSuchOperator") == true)
    }

    @Test func mutatedModelsEndInAnError() throws {
        let engine = try ONNXRuntimeEngine()
        let valid = try EngineModels.data("several")
        var generator = SystemRandomNumberGenerator()
        var refused = 0
        for _ in 0..<300 {
            var model = valid
            for _ in 0..<3 { model[Int.random(in: 0..<model.count, using: &generator)] = .random(in: 0...255) }
            if (try? engine.load(model)) == nil { refused += 1 }
        }
        #expect(refused > 0)
    }

    @Test func sessionsAreReleased() throws {
        let engine = try ONNXRuntimeEngine()
        // 4 MiB of weights each, so 200 that stayed would be 800 MiB.
        let weight = try tensor([Float](repeating: 0.5, count: 1 << 20), [1 << 19, 2])
        let before = try residentMemory()
        for _ in 0..<200 {
            let program = try engine.load(
                EngineModels.data("add"), options: ProgramOptions(keepsMemory: false))
            let inputs = ["a": weight, "b": try tensor([1, 2] as [Float])]
            #expect(try program.run(inputs, outputs: ["sum"])[0].shape == [1 << 19, 2])
        }
        #expect(try residentMemory() - before < 200 << 20)
    }

    @Test func logIsHandedOver() throws {
        // Whether a library warns is its own affair; that nothing but the closure takes it is what counts here.
        let severities = Mutex<[Int]>([])
        _ = try ONNXRuntimeEngine { severity, _ in severities.withLock { $0.append(severity) } }
        #expect(severities.withLock { $0.allSatisfy { (0...4).contains($0) } })
    }
}

@Suite struct EngineLibraryTests {
    private func folder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    @Test func missingFileOrEmptyFolder() throws {
        try folder { folder in
            for path in [folder.path, folder.appending(path: "absent.so").path] {
                let error = #expect(throws: RuntimeError.self) {
                    try EngineLibrary.open(nil, environment: ["GAZE_ENGINE": path])
                }
                #expect(error == .noLibrary(at: path, variable: "GAZE_ENGINE"))
                #expect(error?.description.contains(path) == true)
            }
        }
    }

    @Test func notALibrary() throws {
        try folder { folder in
            let file = folder.appending(path: "libonnxruntime.so.1.2.3")
            try Data("text".utf8).write(to: file)
            let error = #expect(throws: RuntimeError.self) { try EngineLibrary.open(folder.path, environment: [:]) }
            guard case .notALibrary(file.path, let reason)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(!reason.isEmpty)
        }
    }

    @Test func anotherLibrary() throws {
        let error = #expect(throws: RuntimeError.self) {
            try EngineInterface(EngineLibrary.open(nil, environment: ["GAZE_ENGINE": Self.runtimeLibrary()]))
        }
        #expect(error == .notAnEngine(path: try Self.runtimeLibrary()))
    }

    @Test func searchesBesideAndAboveTheExecutable() {
        #expect(
            EngineLibrary.searchedFolders(imagePath: "/opt/gaze/bin/gaze") == [
                "/opt/gaze/bin", "/opt/gaze/lib", "/opt/gaze/bin/.engine", "/opt/gaze/.engine", "/opt/.engine",
                "/.engine",
            ])
    }

    @Test func choosesTheUsualNameFirst() throws {
        try folder { folder in
            #expect(EngineLibrary.library(in: folder.path) == nil)
            for name in ["libonnxruntime.so.1.31.1", "libonnxruntime_providers_shared.so", "libonnxruntime.so"] {
                try Data().write(to: folder.appending(path: name))
                let expected = name.contains("providers") ? "libonnxruntime.so.1.31.1" : name
                #expect(EngineLibrary.library(in: folder.path) == folder.appending(path: expected).path)
            }
        }
    }

    @Test func sentences() {
        #expect(
            RuntimeError.tooOld(path: "/x/libonnxruntime.so", version: "1.10.0", oldest: "1.13").description == """
                ONNX Runtime 1.10.0 at /x/libonnxruntime.so is too old, 1.13 or newer is needed; run `make setup` or set \
                GAZE_ENGINE to a newer library.
                """)
        let absent = RuntimeError.libraryNotFound(searched: ["/a", "/b"]).description
        for fact in ["make setup", "GAZE_ENGINE", "/a, /b"] { #expect(absent.contains(fact)) }
    }

    /// A shared library of this system that is surely there: the C library that this process uses.
    private static func runtimeLibrary() throws -> String {
        let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
        let line = maps.split(separator: "\n").first { $0.hasSuffix("/libc.so.6") }
        return try #require(line?.split(separator: " ").last.map { String($0) })
    }
}
