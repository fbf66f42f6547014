import Foundation
import ONNXFormat
import ONNXMessages
import SwiftProtobuf
import Tensors
import Testing

@Suite struct TensorValuesTests {
    @Test func everyEncodingHasTheBytesThatPythonWrote() throws {
        let tensors = try ONNXFormatGolden.load().tensors
        #expect(tensors.count == ElementType.allCases.count * 6)
        for golden in tensors {
            let tensor = try AnyTensor(TensorProto(serializedBytes: golden.message))
            #expect(tensor.elementType.rawValue == golden.code, "\(golden.name)")
            #expect(tensor.shape.dimensions == golden.dims, "\(golden.name)")
            #expect(tensor.bytes == golden.bytes, "\(golden.name)")
        }
    }

    @Test func otherElementTypesAreRefusedByName() throws {
        for golden in try ONNXFormatGolden.load().refused {
            let proto = try TensorProto(serializedBytes: golden.message)
            #expect(throws: ONNXFormatError.elementType(tensor: "strange", type: golden.type)) { try AnyTensor(proto) }
        }
        let unknown = TensorProto.with { $0.dataType = 99 }
        #expect(throws: ONNXFormatError.elementType(tensor: "", type: "code 99")) { try AnyTensor(unknown) }
    }

    @Test func aTensorSurvivesItsMessage() throws {
        let tensor = AnyTensor(try Tensor<Int16>(shape: [2, 2], elements: [1, -2, 300, -32768]))
        let proto = TensorProto(tensor, name: "w")
        #expect(proto.name == "w")
        #expect(proto.dims == [2, 2])
        #expect(Array(proto.rawData) == [1, 0, 0xFE, 0xFF, 0x2C, 0x01, 0x00, 0x80])
        #expect(try AnyTensor(proto) == tensor)
    }

    @Test(
        arguments: [
            [-1], [Int64.min], [1 << 60], [1 << 32, 1 << 32], [Int64.max, Int64.max], [1 << 62, 0], [3, -2, -1],
        ] as [[Int64]])
    func impossibleDimensionsAreRefusedBeforeMemoryIsTaken(dimensions: [Int64]) {
        let proto = TensorProto.with {
            $0.name = "w"
            $0.dataType = 1
            $0.dims = dimensions
        }
        #expect(throws: ONNXFormatError.dimensions(tensor: "w", dimensions: dimensions)) { try AnyTensor(proto) }
    }

    @Test func dataThatDoNotFitTheShapeAreRefused() {
        var proto = TensorProto.with {
            $0.name = "w"
            $0.dataType = 1
            $0.dims = [2]
            $0.rawData = Data(count: 7)
        }
        #expect(throws: ONNXFormatError.dataCount(tensor: "w", expected: 8, found: 7, unit: "bytes")) {
            try AnyTensor(proto)
        }
        proto.clearRawData()
        proto.floatData = [1, 2, 3]
        #expect(throws: ONNXFormatError.dataCount(tensor: "w", expected: 2, found: 3, unit: "elements")) {
            try AnyTensor(proto)
        }
        proto.segment.begin = 0
        #expect(throws: ONNXFormatError.segmented(tensor: "w")) { try AnyTensor(proto) }
    }
}
