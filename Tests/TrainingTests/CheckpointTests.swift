import Foundation
import Tensors
import TestSupport
import Testing
import Training

@Suite struct CheckpointTests {
    /// Written by `Scripts/golden/checkpoints.py`.
    struct Checkpoints: Decodable {
        struct File: Decodable {
            var name: String
            var bytes: Data
            var entries: [Entry]?
            var refused: String?
        }
        struct Entry: Decodable {
            var name: String
            var type: String
            var shape: [Int]
            var values: [Double]
        }
        var files: [File]
    }

    let golden: Checkpoints

    init() throws { golden = try Golden.decode(Checkpoints.self, "checkpoints.json") }

    @Test func readsWhatPyTorchWrote() throws {
        var checked = 0
        for file in golden.files {
            guard let expected = file.entries else { continue }
            let checkpoint = try Checkpoint.decode(file.bytes, name: file.name)
            if file.name == "safetensors" {
                #expect(checkpoint.entries.map(\.name).sorted() == expected.map(\.name))
            } else {
                #expect(checkpoint.entries.map(\.name) == expected.map(\.name), "\(file.name)")
            }
            for entry in expected {
                let tensor = try #require(checkpoint[entry.name], "\(file.name): \(entry.name)")
                #expect(tensor.elementType.description == entry.type, "\(file.name): \(entry.name)")
                #expect(tensor.shape.dimensions == entry.shape, "\(file.name): \(entry.name)")
                let values =
                    switch tensor.elementType {
                    case .float64: try tensor.typed(as: Double.self).elements
                    case .float32, .float16, .bfloat16: tensor.floats.map(Double.init)
                    default: tensor.integers.map(Double.init)
                    }
                #expect(values == entry.values, "\(file.name): \(entry.name)")
            }
            checked += 1
        }
        #expect(checked == 10)
    }

    @Test func refusesByName() throws {
        var checked = 0
        for file in golden.files {
            guard let words = file.refused else { continue }
            let error = #expect(throws: TrainingError.self) { try Checkpoint.decode(file.bytes, name: file.name) }
            #expect(error?.description.contains(words) == true, "\(file.name): \(String(describing: error))")
            checked += 1
        }
        #expect(checked == 9)
    }

    @Test func readsFromPaths() throws {
        let folder = try TemporaryFolder()
        let file = try #require(golden.files.first)
        try file.bytes.write(to: URL(fileURLWithPath: folder.path("a.pth")))
        #expect(try Checkpoint.read(path: folder.path("a.pth")).entries.map(\.name) == file.entries?.map(\.name))
        let error = #expect(throws: TrainingError.self) { try Checkpoint.read(path: folder.path("b.pth")) }
        #expect(error?.description.contains("there is no such file") == true)
        for bytes in [Data(), Data("PK".utf8), Data("hello, this is a text".utf8), Data([0x80, 2, 0x8A, 10])] {
            #expect(throws: TrainingError.self) { try Checkpoint.decode(bytes, name: "x") }
        }
    }

    /// A legacy file with this object, in pickle instructions, and one storage of two float32 elements.
    private func legacy(_ object: [UInt8]) -> Data {
        var file = Data([0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E])
        file += [0x80, 2, 0x4D, 0xE9, 0x03, 0x2E] + [0x80, 2, 0x7D, 0x2E]
        file += Data([0x80, 2] + object + [0x2E])
        file += Data([0x80, 2, 0x5D] + Self.text("k") + [0x61, 0x2E])
        return file + Data([2, 0, 0, 0, 0, 0, 0, 0]) + Data([0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
    }

    private static func text(_ text: String) -> [UInt8] { [0x58, UInt8(text.utf8.count), 0, 0, 0] + Array(text.utf8) }

    private static func integer(_ value: Int64) -> [UInt8] {
        [0x8A, 8] + (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    /// Instructions for a tensor over that storage.
    private static func tensor(offset: Int64, size: [Int64], stride: [Int64]) -> [UInt8] {
        var code = Array("ctorch._utils\n_rebuild_tensor_v2\n((".utf8) + text("storage")
        code += Array("ctorch\nFloatStorage\n".utf8) + text("k") + text("cpu") + integer(2) + Array("NtQ".utf8)
        code += integer(offset)
        for list in [size, stride] { code += [0x28] + list.flatMap(integer) + [0x74] }
        return code + Array("\u{89}N".unicodeScalars.map { UInt8($0.value) }) + Array("tR".utf8)
    }

    @Test func honoursOffsetsAndStridesAndRefusesHostileOnes() throws {
        let file = legacy(Self.tensor(offset: 1, size: [1, 2], stride: [5, 0]))
        #expect(
            try Checkpoint.decode(file, name: "x")["tensor"]
                == AnyTensor(Tensor(shape: [1, 2], elements: [2, 2] as [Float])))
        let hostile: [(Int64, [Int64], [Int64])] = [
            (2, [1], [1]), (0, [3], [1]), (-1, [1], [1]), (.max, [2], [.max]), (0, [2, 2], [.max, .max]),
            (0, [.max, .max], [0, 0]), (0, [1 << 40], [0]), (0, [-1], [1]), (0, [2], [-1]), (0, [1], [1, 1]),
            (.min, [.min], [.min]), (0, [0, .max, 3], [1, 1, 1]),
        ]
        for (offset, size, stride) in hostile {
            let file = legacy(Self.tensor(offset: offset, size: size, stride: stride))
            #expect(throws: TrainingError.self, "\(offset) \(size) \(stride)") {
                try Checkpoint.decode(file, name: "x")
            }
        }
    }

    @Test func boundsWhatAPickleBuilds() throws {
        // d0 = {}, d1 = {a: d0, b: d0}, d2 = {a: d1, b: d1}, …: 2^40 paths in a few hundred bytes.
        var sharing: [UInt8] = [0x7D, 0x71, 0]
        for level in 1...UInt8(40) {
            sharing += [0x7D] + Self.text("a") + [0x68, level - 1, 0x73] + Self.text("b") + [0x68, level - 1, 0x73]
            sharing += [0x71, level]
        }
        // A dictionary that holds itself.
        let cycle: [UInt8] = [0x7D, 0x71, 0] + Self.text("a") + [0x68, 0, 0x73]
        // Tuples nested a million times, which must also be freed without recursion.
        let deep: [UInt8] = [0x29] + [UInt8](repeating: 0x85, count: 1_000_000)
        let endless = [UInt8](repeating: 0x4E, count: 5_000_000)
        let underflows: [[UInt8]] = [
            [0x85], [0x74], [0x75], [0x73], [0x52], [0x51], [0x61], [0x68, 9], [0x71, 0], [0x62],
        ]
        for code in [sharing, cycle, deep, endless] + underflows {
            #expect(throws: TrainingError.self) { try Checkpoint.decode(legacy(code), name: "x") }
        }
    }

    @Test func refusesEveryOtherInstruction() throws {
        // PERSID, INST, OBJ, NEWOBJ, NEWOBJ_EX, EXT1, INT, POP, DUP.
        for code: UInt8 in [0x50, 0x69, 0x6F, 0x81, 0x92, 0x82, 0x49, 0x30, 0x32] {
            let file = legacy([code])
            #expect(throws: TrainingError.unsupportedPickle(path: "x", opcode: code, position: 27)) {
                try Checkpoint.decode(file, name: "x")
            }
        }
    }

    @Test(arguments: ["legacy", "zip", "safetensors"])
    func mutatedFilesNeverCrash(format: String) throws {
        let files = golden.files.filter { $0.name.hasPrefix(format) }
        var random = SeededGenerator(seed: 17)
        var (errors, results) = (0, 0)
        for _ in 0..<12_000 {
            let file = try #require(files.randomElement(using: &random))
            do throws(TrainingError) {
                let checkpoint = try Checkpoint.decode(file.bytes.mutated(using: &random), name: "fuzz")
                for entry in checkpoint.entries where entry.tensor.shape.count < 1 << 20 {
                    #expect(entry.tensor.floats.count == entry.tensor.shape.count)
                }
                results += 1
            } catch { errors += 1 }
        }
        #expect(errors > 2000 && results > 150, "\(errors) errors and \(results) results: both paths must be walked")
    }
}
