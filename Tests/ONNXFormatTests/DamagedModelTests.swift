import Foundation
import ONNXFormat
import ONNXMessages
import Tensors
import TestSupport
import Testing

@Suite struct DamagedModelTests {
    @Test func everyDamagedFileEndsInAModelOrAnError() throws {
        let golden = try ONNXFormatGolden.load()
        let folder = try TemporaryFolder()
        try golden.external.data.write(to: URL(fileURLWithPath: folder.path("model.onnx.data")))
        var random = SeededGenerator(seed: 20_261_121)
        var models = 0
        var errors = 0
        for round in 0..<12_000 {
            let original = round.isMultiple(of: 2) ? golden.model : golden.external.model
            let damaged = original.mutated(using: &random)
            do {
                var model = try ONNXFile.read(data: damaged, folder: folder.root)
                try model.mutateTensors { (tensor, _) throws(ONNXFormatError) in
                    #expect(try AnyTensor(tensor).bytes.count <= damaged.count + golden.external.data.count)
                }
                models += 1
            } catch {
                #expect(!error.description.isEmpty)
                errors += 1
            }
        }
        // Both ends are reached, or the damage is too mild or too heavy to test anything.
        #expect(models > 1000)
        #expect(errors > 1000)
    }

    @Test func everyTruncationEndsInAModelOrAnError() throws {
        let model = try ONNXFormatGolden.load().model
        for length in 0..<model.count {
            _ = try? ONNXFile.read(data: model.prefix(length))
            _ = try? ONNXFile.read(data: model.suffix(length))
        }
    }
}
