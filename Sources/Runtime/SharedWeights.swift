import Tensors

import struct Foundation.Data

/// Weights that a session reads where the caller has them; they must live as long as the session.
///
/// Measured with ResNet-50 (97 MiB of weights) in 1.31.1: AddExternalInitializers folds and lays out such weights like
/// inner ones; the process ends up with 170 MiB for the session, 245 MiB with the weights inside the model's bytes.
@safe final class SharedWeights: @unchecked Sendable {
    private var values: [(name: String, value: EngineHandle)] = []
    private var held: [Data] = []
    private var copies: [UnsafeMutableRawBufferPointer] = unsafe []
    private let interface: EngineInterface

    init(_ tensors: [String: AnyTensor], environment: EngineEnvironment) throws {
        interface = environment.interface
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            let bytes = unsafe inPlace(tensor.bytes, alignment: tensor.elementType.byteCount)
            values.append((name, try unsafe environment.value(over: bytes, tensor.elementType, tensor.shape)))
        }
    }

    deinit {
        values = []
        unsafe copies.forEach { unsafe $0.deallocate() }
    }

    /// Tells the session that is to be made from `settings` to take its weights from here.
    func add(to settings: EngineHandle) throws(RuntimeError) {
        let names = EngineNames(values.map(\.name))
        let texts = unsafe values.map { unsafe names[$0.name] }
        let pointers = unsafe values.map { unsafe Optional($0.value.pointer) }
        try withExtendedLifetime(names) { () throws(RuntimeError) in
            try unsafe interface.check(
                "take the weights", interface.addExternalInitializers(settings.pointer, texts, pointers, values.count))
        }
    }

    /// The bytes at an address that lasts as long as this object.
    ///
    /// Long data stands on the heap and stays there while a copy of the value is held. Short data lies inside the value
    /// itself, and a slice of a file may start at any byte: both are copied.
    private func inPlace(_ data: Data, alignment: Int) -> UnsafeRawBufferPointer {
        let source = unsafe data.withUnsafeBytes { unsafe $0 }
        if data.count >= 256, Int(bitPattern: source.baseAddress).isMultiple(of: alignment) {
            held.append(data)
            return unsafe source
        }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: data.count, alignment: 64)
        unsafe data.withUnsafeBytes { unsafe copy.copyMemory(from: $0) }
        unsafe copies.append(copy)
        return UnsafeRawBufferPointer(copy)
    }
}
