import Archives
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct NumpyTests {
    /// Written by `Scripts/golden/numpy_files.py`.
    struct NumpyFiles: Decodable {
        struct File: Decodable {
            var name: String
            var bytes: Data
            var type: String?
            var shape: [Int]?
            var values: [Double]?
            var refused: String?
        }
        var files: [File]
        var archives: [File]
    }

    let golden: NumpyFiles
    static let types: [String: ElementType] = [
        "f2": .float16, "f4": .float32, "f8": .float64, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64,
        "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "b1": .bool,
    ]

    init() throws { golden = try Golden.decode(NumpyFiles.self, "numpy_files.json") }

    @Test func readsEveryTypeOrderAndVersion() throws {
        var checked = 0
        for file in golden.files where file.refused == nil {
            let tensor = try Numpy.decode(file.bytes, name: file.name)
            #expect(tensor.elementType == Self.types[try #require(file.type)], "\(file.name)")
            #expect(tensor.shape.dimensions == file.shape, "\(file.name)")
            let values = try #require(file.values)
            if tensor.elementType == .float64 {
                #expect(try tensor.typed(as: Double.self).elements == values, "\(file.name)")
            } else if tensor.elementType.isFloatingPoint {
                #expect(tensor.floats.map(Double.init) == values, "\(file.name)")
            } else {
                #expect(tensor.integers.map(Double.init) == values, "\(file.name)")
            }
            checked += 1
        }
        #expect(checked == 21)
    }

    @Test func refusesWhatIsNoNumber() throws {
        for file in golden.files {
            guard let words = file.refused else { continue }
            let error = #expect(throws: TensorError.self) { try Numpy.decode(file.bytes, name: file.name) }
            #expect(error?.description.contains(words) == true, "\(file.name): \(String(describing: error))")
        }
    }

    @Test func writesWhatNumpyWrites() throws {
        for file in golden.files where file.refused == nil {
            guard !file.name.contains("fortran"), !file.name.contains("endian"), !file.name.contains("version") else {
                continue
            }
            #expect(Numpy.encode(try Numpy.decode(file.bytes, name: file.name)) == file.bytes, "\(file.name)")
        }
        let halves = try Numpy.decode(
            Numpy.encode(AnyTensor(Tensor(vector: [BFloat16(1.5), BFloat16(-2)]))), name: "x")
        #expect(halves == AnyTensor(Tensor<Float>(vector: [1.5, -2])))
    }

    @Test func refusesHostileHeaders() throws {
        let shapes = [
            "(9223372036854775807, 2)", "(0, 9223372036854775807, 3)", "(-1,)", "(99999999999999999999,)", "(1e3,)",
            "(1000000000000,)", "(3", "((1,),)", "(1,,)",
            "(\(Array(repeating: "1", count: 65).joined(separator: ",")))",
        ]
        let headers =
            shapes.map { "{'descr': '<f4', 'fortran_order': False, 'shape': \($0), }" }
            + [
                "", "{", "{}", "{'descr': '<f4'}", "{'descr': __import__('os').system('true')}",
                "{'descr': '<f4', 'fortran_order': 1, 'shape': (1,)}", "{'descr': '", "{'descr': 'f", "{'x': 1}",
                "{'descr': '<f4', 'fortran_order': True, 'shape': (9, 4611686018427387904)}",
            ]
        for header in headers {
            let length = header.utf8.count
            let file = Data(
                [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + header.utf8)
            #expect(throws: TensorError.self, "\(header)") { try Numpy.decode(file + Data(count: 16), name: "x") }
        }
        let long = Data([0x93] + Array("NUMPY".utf8) + [2, 0, 0xFF, 0xFF, 0xFF, 0xFF])
        for file in [long, long.prefix(11), long.prefix(9), Data(), Data("no array".utf8)] {
            #expect(throws: TensorError.self) { try Numpy.decode(file, name: "x") }
        }
    }

    @Test func writesAndReadsFiles() throws {
        let folder = try TemporaryFolder()
        let tensor = AnyTensor(try Tensor<Float>(shape: [2, 2], elements: [1, 2, 3, .infinity]))
        try Numpy.write(tensor, path: folder.path("a.npy"))
        #expect(try Numpy.read(path: folder.path("a.npy")) == tensor)
        #expect(throws: TensorError.self) { try Numpy.read(path: folder.path("b.npy")) }
        for compressed in [false, true] {
            let path = folder.path("\(compressed).npz")
            try NumpyArchive.write(["x": tensor, "y/z": tensor], path: path, compressed: compressed)
            #expect(try NumpyArchive.read(path: path) == ["x": tensor, "y/z": tensor])
            #expect(throws: TensorError.self) { try NumpyArchive.read(path: path, limit: 200) }
        }
        #expect(try folder.names() == ["a.npy", "false.npz", "true.npz"])
    }

    @Test func readsArchivesOfNumpy() throws {
        for archive in golden.archives {
            let tensors = try NumpyArchive.decode(archive.bytes, name: archive.name)
            #expect(tensors.keys.sorted() == ["first", "second.weight"])
            #expect(tensors["first"]?.floats == [0, 1, 2, 3])
            #expect(tensors["second.weight"] == AnyTensor(try Tensor<Int64>(shape: [2, 2], elements: [1, 2, 3, 4])))
        }
    }

    @Test func mutatedFilesNeverCrash() throws {
        var random = SeededGenerator(seed: 11)
        var (errors, results) = (0, 0)
        for _ in 0..<10_000 {
            let file = try #require(golden.files.randomElement(using: &random))
            do throws(TensorError) {
                let tensor = try Numpy.decode(file.bytes.mutated(using: &random), name: "fuzz")
                #expect(tensor.floats.count == tensor.shape.count)
                results += 1
            } catch { errors += 1 }
        }
        #expect(errors > 1000 && results > 1000, "\(errors) errors and \(results) results: both paths must be walked")
    }

    @Test func mutatedArchivesNeverCrash() throws {
        var random = SeededGenerator(seed: 13)
        var (errors, results) = (0, 0)
        for _ in 0..<10_000 {
            let file = try #require(golden.archives.randomElement(using: &random))
            do throws(TensorError) {
                _ = try NumpyArchive.decode(file.bytes.mutated(using: &random), name: "fuzz", limit: 1 << 20)
                results += 1
            } catch { errors += 1 }
        }
        #expect(errors > 1000 && results > 100, "\(errors) errors and \(results) results: both paths must be walked")
    }
}
