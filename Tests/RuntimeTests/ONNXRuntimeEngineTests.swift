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
        var generator = SplitMix64(state: 20_261_121)
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
        // A session keeps the memory of its output, 4 MiB, so 200 that stayed would be 800 MiB.
        let matrix = try tensor([Float](repeating: 0.5, count: 1 << 20), [1 << 19, 2])
        let before = try residentMemory()
        for _ in 0..<200 {
            let program = try engine.load(EngineModels.data("add"))
            let inputs = ["a": matrix, "b": try tensor([1, 2] as [Float])]
            #expect(try program.run(inputs, outputs: ["sum"])[0].shape == [1 << 19, 2])
        }
        #expect(try residentMemory() - before < 200 << 20)
    }

    @Test func warningsGoToTheLogAlone() async {
        // In a process of its own: the first engine of a process decides who takes the log.
        let loud = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let warnings = Mutex<[String]>([])
            let engine = try ONNXRuntimeEngine { severity, message in
                if severity == 2 { warnings.withLock { $0.append(message) } }
            }
            _ = try engine.load(EngineModels.data("unused_weight"))
            #expect(warnings.withLock { $0.contains { $0.contains("unused") } })
        }
        #expect(loud?.standardErrorContent == [])
        let silent = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            _ = try ONNXRuntimeEngine().load(EngineModels.data("unused_weight"))
        }
        #expect(silent?.standardErrorContent == [])
    }
}

/// Steele, Lea and Flood's generator: the same numbers every time.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
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

    /// A shared library that every system has: the C library.
    private static func runtimeLibrary() throws -> String {
        let folders = ["/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib64", "/usr/lib"]
        let files = folders.map { $0 + "/libc.so.6" }
        return try #require(files.first { FileManager.default.fileExists(atPath: $0) })
    }
}
