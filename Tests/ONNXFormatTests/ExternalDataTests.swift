import Foundation
import ONNXFormat
import ONNXMessages
import SwiftProtobuf
import Tensors
import TestSupport
import Testing

@Suite struct ExternalDataTests {
    let folder: TemporaryFolder
    let golden: ONNXFormatGolden

    init() throws {
        folder = try TemporaryFolder()
        golden = try ONNXFormatGolden.load()
        try golden.external.model.write(to: URL(fileURLWithPath: folder.path("model.onnx")))
        try golden.external.data.write(to: URL(fileURLWithPath: folder.path("model.onnx.data")))
    }

    /// A model with one tensor of eight bytes whose data are elsewhere.
    private func model(_ entries: (String, String)..., dims: [Int64] = [2]) -> ModelProto {
        ModelProto.with { model in
            model.graph.initializer = [
                TensorProto.with {
                    $0.name = "w"
                    $0.dataType = 1
                    $0.dims = dims
                    $0.dataLocation = .external
                    $0.externalData = entries.map { StringStringEntryProto(key: $0.0, value: $0.1) }
                }
            ]
        }
    }

    private func read(_ model: ModelProto) throws -> ModelProto {
        try ONNXFile.read(data: model.serializedBytes(), folder: folder.root)
    }

    @Test func aModelWithADataFileEqualsTheOneWithout() throws {
        #expect(try ONNXFile.read(path: folder.path("model.onnx")) == ONNXFile.read(data: golden.model))
    }

    @Test func aModelThatIsALinkReadsTheDataBesideItsTarget() throws {
        try FileManager.default.createDirectory(atPath: folder.path("cache"), withIntermediateDirectories: true)
        for (link, target) in [("a.onnx", "model.onnx"), ("model.onnx.data", "model.onnx.data")] {
            try FileManager.default.createSymbolicLink(
                atPath: folder.path("cache/\(link)"), withDestinationPath: "../\(target)")
        }
        #expect(try ONNXFile.read(path: folder.path("cache/a.onnx")) == ONNXFile.read(data: golden.model))
        try FileManager.default.removeItem(atPath: folder.path("cache/model.onnx.data"))
        #expect(try ONNXFile.read(path: folder.path("cache/a.onnx")) == ONNXFile.read(data: golden.model))
    }

    @Test func aMissingDataFileIsNamedWithItsPlace() throws {
        try FileManager.default.removeItem(atPath: folder.path("model.onnx.data"))
        let error = #expect(throws: ONNXFormatError.self) { try ONNXFile.read(path: folder.path("model.onnx")) }
        #expect(
            error?.description
                == "The model keeps the data of tensor “weight” in a second file, “model.onnx.data”, which "
                + "is not in \(folder.root); copy that file beside the model, under this name.")
    }

    @Test func aModelWithoutAFolderCannotHaveADataFile() {
        #expect(throws: ONNXFormatError.noFolder(tensor: "weight", location: "model.onnx.data")) {
            try ONNXFile.read(data: golden.external.model)
        }
    }

    @Test(arguments: ["/etc/passwd", "../secret", "a/../../secret", "..\\secret", "", "a\0b", "link", "folder/link"])
    func noLocationLeavesTheFolder(location: String) throws {
        let outside = try TemporaryFolder()
        try Data(count: 8).write(to: URL(fileURLWithPath: outside.path("secret")))
        try FileManager.default.createDirectory(atPath: folder.path("folder"), withIntermediateDirectories: true)
        for link in ["link", "folder/link"] {
            try FileManager.default.createSymbolicLink(
                atPath: folder.path(link), withDestinationPath: outside.path("secret"))
        }
        let error = #expect(throws: ONNXFormatError.self) { try read(model(("location", location))) }
        guard case .externalLocation? = error else {
            Issue.record("\(location) gave \(String(describing: error))")
            return
        }
    }

    @Test func aSubfolderIsFine() throws {
        try FileManager.default.createDirectory(atPath: folder.path("weights"), withIntermediateDirectories: true)
        let bytes = Data([0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64])
        try bytes.write(to: URL(fileURLWithPath: folder.path("weights/w.bin")))
        let read = try read(model(("location", "weights/w.bin"), ("offset", "4")))
        #expect(try AnyTensor(read.graph.initializer[0]).floats == [1, 2])
    }

    @Test(
        arguments: [
            ("0", "9"), ("-1", "8"), ("5", "8"), ("12", nil), ("0", "-8"), ("x", "8"), ("9223372036854775807", "8"),
            ("8", "9223372036854775807"), ("99999999999999999999", nil), ("0", "4"), ("0", "0"),
        ] as [(String, String?)])
    func aRangeOutsideTheFileOrTheShapeIsRefused(offset: String, length: String?) throws {
        try Data(count: 12).write(to: URL(fileURLWithPath: folder.path("w.bin")))
        var proto = model(("location", "w.bin"), ("offset", offset))
        if let length {
            proto.graph.initializer[0].externalData.append(StringStringEntryProto(key: "length", value: length))
        }
        #expect(throws: ONNXFormatError.self) { try read(proto) }
    }

    @Test func impossibleShapesAndFoldersAreRefused() throws {
        try Data(count: 12).write(to: URL(fileURLWithPath: folder.path("w.bin")))
        #expect(throws: ONNXFormatError.dimensions(tensor: "w", dimensions: [1 << 60, 4])) {
            try read(model(("location", "w.bin"), dims: [1 << 60, 4]))
        }
        try FileManager.default.createDirectory(atPath: folder.path("folder"), withIntermediateDirectories: true)
        #expect(throws: ONNXFormatError.self) { try read(model(("location", "folder"))) }
    }

    @Test func weightsAreWrittenIntoADataFileOnDemand() throws {
        let folder = try TemporaryFolder()
        let model = try ONNXFile.read(data: golden.model)
        let path = folder.path("moved.onnx")
        for _ in 0..<2 { try ONNXFile.write(model, to: path, externalData: .beside(threshold: 16)) }
        #expect(try folder.names() == ["moved.onnx", "moved.onnx.data"])
        #expect(try Data(contentsOf: URL(fileURLWithPath: path + ".data")) == golden.weight)
        #expect(try ONNXFile.read(path: path) == model)
        let raw = try ModelProto(serializedBytes: Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(raw.graph.initializer[0].externalData.map(\.value) == ["moved.onnx.data", "0", "36"])
    }

    @Test func smallTensorsStayInTheModel() throws {
        let folder = try TemporaryFolder()
        var model = try ONNXFile.read(data: golden.model)
        try ONNXFile.write(model, to: folder.path("a.onnx"), externalData: .beside(threshold: 1024))
        model.graph.initializer = [TensorProto(AnyTensor(Tensor<Int64>(vector: [1, 2])), name: "axes")]
        try ONNXFile.write(model, to: folder.path("a.onnx"), externalData: .beside(threshold: 1))
        #expect(try folder.names() == ["a.onnx"])
    }
}
