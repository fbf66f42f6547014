import Tensors

/// Reads what a session takes and gives.
struct SessionSignature {
    let session: EngineHandle
    let environment: EngineEnvironment

    private var interface: EngineInterface { environment.interface }

    /// Describes all inputs or all outputs.
    func values(
        _ what: String, count: EngineInterface.Count, name: EngineInterface.NameAt, type: EngineInterface.PartAt
    ) throws(RuntimeError) -> [ValueDescription] {
        let number: Int = try unsafe interface.number("count the model's values") { unsafe count(session.pointer, $0) }
        var values: [ValueDescription] = []
        for index in 0..<max(0, number) {
            let name = try unsafe self.name("name \(what)", index, name)
            let type = try unsafe interface.handle("tell the type of \(what)", releasedBy: interface.releaseType) {
                unsafe type(session.pointer, index, $0)
            }
            values.append(try describe(name, type))
        }
        return values
    }

    private func name(
        _ operation: String, _ index: Int, _ get: EngineInterface.NameAt
    ) throws(RuntimeError) -> String {
        var text: UnsafeMutablePointer<CChar>?
        try unsafe interface.check(operation, get(session.pointer, index, environment.allocator.pointer, &text))
        guard let text = unsafe text else { return "" }
        let name = unsafe String(cString: text)
        try unsafe interface.check("free a name", interface.free(environment.allocator.pointer, text))
        return name
    }

    private func describe(_ name: String, _ type: EngineHandle) throws(RuntimeError) -> ValueDescription {
        let kind: Int32 = try unsafe interface.number("tell the type of “\(name)”") {
            unsafe interface.typeKind(type.pointer, $0)
        }
        guard kind == EngineValue.tensorKind else {
            return ValueDescription(
                name: name, elementType: nil, typeName: EngineValue.name(ofKind: kind), dimensions: nil)
        }
        let tensorType = try unsafe interface.borrowed("tell the type of “\(name)”") {
            unsafe interface.typeTensorType(type.pointer, $0)
        }
        guard let tensorType = unsafe tensorType else {
            return ValueDescription(name: name, elementType: nil, typeName: "unknown", dimensions: nil)
        }
        let code: Int32 = try unsafe interface.number("tell the type of “\(name)”") {
            unsafe interface.elementType(tensorType, $0)
        }
        let lengths = try unsafe EngineValue.dimensions(of: tensorType, name, interface: interface)
        let isKnown = unsafe interface.hasShape.map { unsafe $0(tensorType) } ?? !lengths.isEmpty
        return ValueDescription(
            name: name, elementType: ElementType(rawValue: code), typeName: EngineValue.name(ofElementType: code),
            // Lengths that the engine computed to be negative stay, except for -1, by which it says that a length may vary.
            dimensions: isKnown ? lengths.map { $0 == -1 ? nil : Int($0) } : nil)
    }
}
