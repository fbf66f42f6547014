import Foundation
import Runtime
import Tensors
import Testing

@Suite struct ProgramCacheTests {
    @Test func sameModelIsPreparedOnce() throws {
        let cache = ProgramCache(engine: try ONNXRuntimeEngine())
        let first = try cache.program(for: EngineModels.data("scalar"))
        #expect(try cache.program(for: EngineModels.data("scalar")) === first)
        #expect(try cache.program(for: EngineModels.data("add")) !== first)
        let other = ProgramOptions(optimization: .off)
        #expect(try cache.program(for: EngineModels.data("scalar"), options: other) !== first)
    }

    @Test func otherWeightsAreAnotherProgram() throws {
        let cache = ProgramCache(engine: try ONNXRuntimeEngine())
        let golden = try EngineModels.convolution()
        func program(_ bias: [Float]) throws -> any Program {
            let weights = ["w": try tensor(golden.w, [3, 2, 3, 3]), "b": try tensor(bias)]
            return try cache.program(
                for: EngineModels.data("convolution_external"), options: ProgramOptions(initializers: weights))
        }
        let first = try program(golden.b)
        #expect(try program(golden.b) === first)
        #expect(try program([0, 0, 0]) !== first)
    }

    @Test func theLeastRecentlyUsedGoes() throws {
        let cache = ProgramCache(engine: try ONNXRuntimeEngine(), capacity: 2)
        weak let scalar = try cache.program(for: EngineModels.data("scalar")) as AnyObject
        weak let add = try cache.program(for: EngineModels.data("add")) as AnyObject
        _ = try cache.program(for: EngineModels.data("scalar"))
        _ = try cache.program(for: EngineModels.data("several"))
        #expect(scalar != nil)
        #expect(add == nil)
        cache.removeAll()
        #expect(scalar == nil)
    }

    @Test func aModelThatFailsIsNotKept() throws {
        let cache = ProgramCache(engine: try ONNXRuntimeEngine())
        for _ in 0..<2 { #expect(throws: RuntimeError.self) { try cache.program(for: Data("no model".utf8)) } }
    }

    @Test func manyThreadsGetTheSameProgram() async throws {
        let cache = ProgramCache(engine: try ONNXRuntimeEngine())
        let programs = try await withThrowingTaskGroup(of: ObjectIdentifier.self) { group in
            for _ in 0..<32 {
                group.addTask { ObjectIdentifier(try cache.program(for: EngineModels.data("scalar"))) }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(programs.count == 1)
    }
}
