import Foundation
import Runtime
import Tensors

/// The models that `Scripts/golden/engine_models.py` wrote, and the engine that runs them.
enum EngineModels {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    static func data(_ name: String) throws -> Data {
        try Data(contentsOf: folder.appending(path: "\(name).onnx"))
    }

    static func program(_ name: String, _ options: ProgramOptions = ProgramOptions()) throws -> any Program {
        try ONNXRuntimeEngine().load(data(name), options: options)
    }

    /// A convolution with its weights and what it must give, computed by NumPy in float64.
    struct Convolution: Decodable {
        let tolerance: Float
        let x: [Float]
        let w: [Float]
        let b: [Float]
        let y: [Float]
    }

    static func convolution() throws -> Convolution {
        struct Values: Decodable { let convolution: Convolution }
        let file = try Data(contentsOf: folder.appending(path: "values.json"))
        return try JSONDecoder().decode(Values.self, from: file).convolution
    }
}

func tensor<Scalar: TensorScalar>(_ elements: [Scalar], _ shape: Shape? = nil) throws -> AnyTensor {
    AnyTensor(try Tensor(shape: shape ?? [elements.count], elements: elements))
}

/// The resident memory of this process in bytes.
func residentMemory() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
}
