import Foundation
import ONNXFormat
import ONNXMessages
import SwiftProtobuf
import Tensors
import TestSupport
import Testing

@Suite struct ONNXFileTests {
    @Test func everyFieldIsRead() throws {
        let golden = try ONNXFormatGolden.load()
        let model = try ONNXFile.read(data: golden.model)
        #expect(model.irVersion == 10)
        #expect(model.opsetImport.map(\.domain) == ["", "local"])
        #expect(model.opsetImport.map(\.version) == [21, 1])
        #expect(model.graph.node.map(\.opType) == ["MatMul", "twice", "If", "Add"])
        #expect(model.graph.node[0].metadataProps.first?.value == ": model/fc: torch.nn.Linear")
        #expect(model.graph.input[0].type.tensorType.shape.dim.map(\.dimParam) == ["batch", ""])
        #expect(model.graph.input[0].type.tensorType.shape.dim[1].dimValue == 3)
        #expect(model.graph.input[1].type.tensorType.hasShape)
        #expect(model.functions.map(\.name) == ["twice"])
        #expect(model.functions[0].node.map(\.opType) == ["Add"])
        let branches = model.graph.node[2].attribute.map(\.g.node.first)
        #expect(branches.map { $0?.attribute.first?.name } == ["value_floats", "value"])
        #expect(try AnyTensor(model.graph.initializer[0]).bytes == golden.weight)
        #expect(model.metadataProps.map(\.key) == ["author"])
    }

    @Test func fieldsOutsideTheSchemaSurvive() throws {
        let golden = try ONNXFormatGolden.load()
        let written = try ONNXFile.serialized(ONNXFile.read(data: golden.model))
        // Unknown fields are written last, so that the order of bytes differs: their content and the size do not.
        #expect(written.count == golden.model.count)
        #expect(written.range(of: Data("training".utf8)) != nil)
        #expect(written.range(of: Data("devices".utf8)) != nil)
        #expect(try ONNXFile.read(data: written) == ONNXFile.read(data: golden.model))
    }

    @Test func aWrittenFileReadsAsTheSameModelAndLeavesNothingElse() throws {
        let folder = try TemporaryFolder()
        let model = try ONNXFile.read(data: ONNXFormatGolden.load().model)
        try ONNXFile.write(model, to: folder.path("model.onnx"))
        try ONNXFile.write(model, to: folder.path("model.onnx"))
        #expect(try ONNXFile.read(path: folder.path("model.onnx")) == model)
        #expect(try folder.names() == ["model.onnx"])
    }

    @Test func anUnwritablePlaceIsAnError() throws {
        let folder = try TemporaryFolder()
        let model = try ONNXFile.read(data: ONNXFormatGolden.load().model)
        for policy in [ExternalDataPolicy.embedded, .beside(threshold: 1)] {
            let error = #expect(throws: ONNXFormatError.self) {
                try ONNXFile.write(model, to: folder.path("nowhere/model.onnx"), externalData: policy)
            }
            #expect(error?.description.contains("nowhere/model.onnx") == true)
        }
        #expect(try folder.names() == [])
    }

    @Test func aMissingFileAndAFolderAreNamed() throws {
        let folder = try TemporaryFolder()
        #expect(throws: ONNXFormatError.missingFile(path: folder.path("x.onnx"))) {
            try ONNXFile.read(path: folder.path("x.onnx"))
        }
        #expect(throws: ONNXFormatError.notAFile(path: folder.root)) { try ONNXFile.read(path: folder.root) }
    }

    @Test func aMessageWithoutAGraphIsNoModel() throws {
        let bytes: Data = try ModelProto.with { $0.irVersion = 8 }.serializedBytes()
        #expect(throws: ONNXFormatError.noGraph(path: "The model")) { try ONNXFile.read(data: bytes) }
    }

    @Test func nestingIsLimited() throws {
        // Type messages within each other: 0A = field 1 of Optional, 4A = field 9 of TypeProto.
        var nested = Data()
        for depth in 0..<400 { nested = Data([depth.isMultiple(of: 2) ? 0x0A : 0x4A]) + varint(nested.count) + nested }
        let info = Data([0x12]) + varint(nested.count) + nested
        let graph = Data([0x5A]) + varint(info.count) + info
        let error = #expect(throws: ONNXFormatError.self) {
            try ONNXFile.read(data: Data([0x3A]) + varint(graph.count) + graph)
        }
        #expect(error?.description.contains("100 deep") == true)
    }

    private func varint(_ value: Int) -> Data {
        value < 128 ? Data([UInt8(value)]) : Data([UInt8(value & 127 | 128)]) + varint(value >> 7)
    }
}
