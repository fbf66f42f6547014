import Foundation
import Runtime
import Tensors
import Testing

@Suite struct ONNXRuntimeProgramTests {
    @Test func addsWithAnyBatch() throws {
        let program = try EngineModels.program("add")
        #expect(program.inputs.map(\.name) == ["a", "b"])
        #expect(program.inputs.map(\.description) == ["f32[?, 2]", "f32[2]"])
        #expect(program.outputs.map(\.description) == ["f32[?, 2]"])
        let row = try tensor([10, 20] as [Float])
        for batch in [1, 3] {
            let rows = (0..<2 * batch).map { Float($0) }
            let sum = try program.run(["a": tensor(rows, [batch, 2]), "b": row])["sum"]
            #expect(sum?.shape == [batch, 2])
            #expect(sum?.floats == rows.enumerated().map { $1 + ($0 % 2 == 0 ? 10 : 20) })
        }
    }

    @Test func emptyBatch() throws {
        let empty = try tensor([] as [Float], [0, 2])
        let sum = try EngineModels.program("add").run(["a": empty, "b": tensor([1, 2] as [Float])], outputs: ["sum"])
        #expect(sum == [empty])
    }

    @Test(arguments: OptimizationLevel.allCases) func convolutionEqualsItsDefinition(level: OptimizationLevel) throws {
        let golden = try EngineModels.convolution()
        let program = try EngineModels.program("convolution", ProgramOptions(optimization: level, keepsMemory: false))
        // The output's shape stands nowhere in the file.
        #expect(program.outputs.map(\.description) == ["f32[?, 3, 4, 4]"])
        let y = try program.run(["x": tensor(golden.x, [1, 2, 4, 4])], outputs: ["y"])[0]
        #expect(zip(y.floats, golden.y).allSatisfy { abs($0 - $1) < golden.tolerance })
        #expect(y.floats.count == golden.y.count)
    }

    /// Every window holds one of the negative numbers and three zeros of the padding.
    @Test(arguments: OptimizationLevel.allCases) func zerosAroundAPictureTakePartInAMaximum(level: OptimizationLevel)
        throws
    {
        let program = try EngineModels.program("padded_pool", ProgramOptions(optimization: level))
        let x = try tensor([-1, -2, -3, -4] as [Float], [1, 1, 2, 2])
        #expect(try program.run(["x": x], outputs: ["y"])[0].floats == [0, 0, 0, 0])
    }

    @Test(arguments: OptimizationLevel.allCases) func weightsGivenSeparately(level: OptimizationLevel) throws {
        let golden = try EngineModels.convolution()
        var weights = ["w": try tensor(golden.w, [3, 2, 3, 3]), "b": try tensor(golden.b)]
        // A slice of a file may start anywhere.
        let shifted = (Data([0]) + (weights["w"]?.bytes ?? Data())).dropFirst()
        weights["w"] = try AnyTensor(elementType: .float32, shape: [3, 2, 3, 3], bytes: shifted)
        let options = ProgramOptions(optimization: level, initializers: weights)
        let program = try EngineModels.program("convolution_external", options)
        weights = [:]
        #expect(program.inputs.map(\.name) == ["x"])
        for _ in 0..<3 {
            let y = try program.run(["x": tensor(golden.x, [1, 2, 4, 4])], outputs: ["y"])[0]
            #expect(zip(y.floats, golden.y).allSatisfy { abs($0 - $1) < golden.tolerance })
        }
    }

    @Test func weightsThatAreMissing() throws {
        let error = #expect(throws: RuntimeError.self) { try EngineModels.program("convolution_external") }
        #expect(error?.description.contains("ONNX Runtime could not load the model") == true)
    }

    @Test func weightsThatDoNotFit() throws {
        let golden = try EngineModels.convolution()
        func message(_ weights: [String: AnyTensor]) throws -> String? {
            #expect(throws: RuntimeError.self) {
                try EngineModels.program("convolution_external", ProgramOptions(initializers: weights))
            }?.description
        }
        let w = try tensor(golden.w, [3, 2, 3, 3])
        let b = try tensor(golden.b)
        #expect(try message(["w": w])?.contains("initializer: b.") == true)
        #expect(try message(["w": w, "b": b, "unheard": b])?.contains("unheard") == true)
        for wrong in [try tensor([1, 2] as [Float]), try tensor([1, 2, 3] as [Int32])] {
            #expect(try message(["w": w, "b": wrong])?.hasPrefix("ONNX Runtime could not load the model: ") == true)
        }
    }

    @Test func everyElementType() throws {
        let samples: [AnyTensor] = [
            try tensor([-1.5, .infinity, 3.25] as [Float]), try tensor([-1.5, 1e300, 0] as [Double]),
            try tensor([-1.5, 65504, 0] as [Float16]), try tensor([-1.5, 3e38, 0].map { BFloat16($0) }),
            try tensor([Int8.min, 0, Int8.max]), try tensor([Int16.min, 0, Int16.max]),
            try tensor([Int32.min, 0, Int32.max]), try tensor([Int64.min, 0, Int64.max]),
            try tensor([UInt8.min, 7, UInt8.max]), try tensor([UInt16.min, 7, UInt16.max]),
            try tensor([UInt32.min, 7, UInt32.max]), try tensor([UInt64.min, 7, UInt64.max]),
            try tensor([true, false, true]),
        ]
        #expect(Set(samples.map(\.elementType)) == Set(ElementType.allCases))
        let names: [ElementType: String] = [
            .float32: "float", .float64: "double", .bool: "bool", .bfloat16: "bfloat16", .float16: "float16",
            .int8: "int8", .int16: "int16", .int32: "int32", .int64: "int64",
            .uint8: "uint8", .uint16: "uint16", .uint32: "uint32", .uint64: "uint64",
        ]
        for sample in samples {
            let program = try EngineModels.program("identity_\(names[sample.elementType] ?? "")")
            #expect(program.inputs[0].elementType == sample.elementType)
            #expect(try program.run(["x": sample], outputs: ["y"]) == [sample])
        }
    }

    @Test func integersAndTruthValues() throws {
        let large = [1, -2, Int64.max / 2]
        let doubled = try EngineModels.program("double_int64").run(["x": tensor(large)], outputs: ["y"])
        #expect(doubled == [try tensor(large.map { $0 * 2 })])
        let not = try EngineModels.program("not_bool").run(["x": tensor([true, false, false, true])], outputs: ["y"])
        #expect(not == [try tensor([false, true, true, false])])
    }

    @Test func scalar() throws {
        let program = try EngineModels.program("scalar")
        #expect(program.inputs[0].dimensions == [])
        #expect(program.outputs[0].shape == [])
        #expect(try program.run(["x": tensor([2.5] as [Float], [])], outputs: ["y"]) == [tensor([-2.5] as [Float], [])])
    }

    @Test func unknownRankIsNoScalar() throws {
        let program = try EngineModels.program("unknown_rank")
        #expect(program.outputs[0].dimensions == nil)
        let x = try tensor([1, 2, 3, 4] as [Float])
        let shape = try tensor([2, 1, 2] as [Int64])
        #expect(try program.run(["x": x, "shape": shape], outputs: ["y"])[0] == x.reshaped([2, 1, 2]))
    }

    @Test func outputsInTheOrderAskedFor() throws {
        let program = try EngineModels.program("several")
        #expect(program.outputs.map(\.name) == ["left", "right", "negated"])
        let x = try tensor([1, 2, 3, 4] as [Float])
        let results = try program.run(["x": x], outputs: ["negated", "left"])
        #expect(results.map(\.floats) == [[-1, -2], [1, 2]])
        #expect(try program.run(["x": x], outputs: []) == [])
        #expect(
            try program.run(["x": x]).mapValues(\.floats) == ["left": [1, 2], "right": [3, 4], "negated": [-1, -2]])
    }

    @Test func whatIsNoTensorOfNumbersIsRefused() throws {
        let x = try tensor([1, 2] as [Float])
        let strings = try EngineModels.program("strings")
        #expect(strings.outputs.map(\.typeName) == ["string", "f32"])
        #expect(throws: RuntimeError.unsupportedType(name: "text", type: "string")) {
            try strings.run(["x": x], outputs: ["text"])
        }
        #expect(try strings.run(["x": x]).mapValues(\.floats) == ["y": [-1, -2]])
        let sequence = try EngineModels.program("sequence")
        #expect(throws: RuntimeError.unsupportedType(name: "parts", type: "sequence")) {
            try sequence.run(["x": x], outputs: ["parts"])
        }
    }

    @Test func wrongInputsAreNamed() throws {
        let program = try EngineModels.program("add")
        let a = try tensor([1, 2] as [Float], [1, 2])
        let b = try tensor([1, 2] as [Float])
        func message(_ inputs: [String: AnyTensor], _ outputs: [String] = ["sum"]) -> String? {
            #expect(throws: RuntimeError.self) { try program.run(inputs, outputs: outputs) }?.description
        }
        #expect(message(["a": a]) == "The model's input “b” was not given; give a tensor f32[2].")
        #expect(
            message(["a": a, "b": b, "c": b]) == "The model has no input “c”; its inputs are “a”, “b”.")
        #expect(
            message(["a": try tensor([1, 2, 3] as [Float], [1, 3]), "b": b])
                == "The model's input “a” is f32[?, 2], but f32[1, 3] was given; convert or resize it.")
        #expect(
            message(["a": b, "b": b])
                == "The model's input “a” is f32[?, 2], but f32[2] was given; convert or resize it.")
        #expect(
            message(["a": try tensor([1, 2] as [Int64], [1, 2]), "b": b])
                == "The model's input “a” is f32[?, 2], but i64[1, 2] was given; convert or resize it.")
        #expect(message(["a": a, "b": b], ["total"]) == "The model has no output “total”; its outputs are “sum”.")
    }

    @Test func failureWhileRunning() throws {
        let program = try EngineModels.program("unknown_rank")
        let inputs = ["x": try tensor([1, 2, 3, 4] as [Float]), "shape": try tensor([3, 3] as [Int64])]
        let error = #expect(throws: RuntimeError.self) { try program.run(inputs, outputs: ["y"]) }
        #expect(error?.description.contains("ONNX Runtime could not run the model") == true)
        #expect(error?.description.contains("Reshape") == true)
    }

    @Test func manyThreadsOneProgram() async throws {
        let program = try EngineModels.program("convolution")
        let golden = try EngineModels.convolution()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<64 {
                group.addTask {
                    // Convolution is linear: scaled pixels scale what the zero image adds to.
                    let scale = Float(index)
                    let x = try tensor(golden.x.map { $0 * scale }, [1, 2, 4, 4])
                    let y = try program.run(["x": x], outputs: ["y"])[0].floats
                    return zip(golden.y.indices, y).allSatisfy { position, value in
                        let bias = golden.b[position / 16]
                        let expected = (golden.y[position] - bias) * scale + bias
                        return abs(value - expected) < golden.tolerance * (scale + 1)
                    }
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    @Test func cancellationEndsARun() async throws {
        let program = try EngineModels.program("endless")
        let cancellation = RunCancellation()
        let x = try tensor([1] as [Float])
        let run = Task.detached { try program.run(["x": x], outputs: ["y"], cancellation: cancellation) }
        try await Task.sleep(for: .milliseconds(50))
        #expect(!cancellation.isCancelled)
        cancellation.cancel()
        await #expect(throws: RuntimeError.cancelled) { try await run.value }
        #expect(throws: RuntimeError.cancelled) {
            try program.run(["x": x], outputs: ["y"], cancellation: cancellation)
        }
    }

    /// Who runs a program in the middle of something else need not hand the cancellation on.
    @Test func anEnginesCancellationEndsItsRunsAndLoads() throws {
        let x = try tensor([1] as [Float])
        for own in [nil, RunCancellation()] {
            let cancellation = RunCancellation()
            let engine = try ONNXRuntimeEngine(cancellation: cancellation)
            let program = try engine.load(EngineModels.data("endless"), options: ProgramOptions())
            // Not by a task: tasks that wait for each other would take all threads that tasks have.
            Thread.detachNewThread {
                usleep(50_000)
                cancellation.cancel()
            }
            #expect(throws: RuntimeError.cancelled) {
                try program.run(["x": x], outputs: ["y"], cancellation: own)
            }
            #expect(throws: RuntimeError.cancelled) {
                try engine.load(EngineModels.data("endless"), options: ProgramOptions())
            }
        }
        #expect(try EngineModels.program("endless").inputs.count == 1)
    }
}
