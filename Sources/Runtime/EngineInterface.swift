import Glibc

/// The functions of ONNX Runtime's C interface that we call, by their place in its table.
///
/// The table only grows, so version 13 of it is served by every later library.
@safe package struct EngineInterface: @unchecked Sendable {
    typealias Status = OpaquePointer?
    typealias Out = UnsafeMutablePointer<OpaquePointer?>
    typealias Text = UnsafePointer<CChar>
    typealias Release = @convention(c) (OpaquePointer) -> Void
    typealias Make = @convention(c) (Out) -> Status
    typealias SetNumber = @convention(c) (OpaquePointer, Int32) -> Status
    typealias SetFlag = @convention(c) (OpaquePointer) -> Status
    typealias Count = @convention(c) (OpaquePointer, UnsafeMutablePointer<Int>) -> Status
    typealias Kind = @convention(c) (OpaquePointer, UnsafeMutablePointer<Int32>) -> Status
    typealias Part = @convention(c) (OpaquePointer, Out) -> Status
    typealias PartAt = @convention(c) (OpaquePointer, Int, Out) -> Status
    typealias NameAt =
        @convention(c) (
            OpaquePointer, Int, OpaquePointer, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
        ) -> Status
    typealias Log = @convention(c) (UnsafeMutableRawPointer?, Int32, Text?, Text?, Text?, Text?) -> Void

    /// The library's own version number.
    let version: String

    let errorCode: @convention(c) (OpaquePointer) -> Int32
    let errorMessage: @convention(c) (OpaquePointer) -> Text?
    let releaseStatus: Release

    let makeThreading: Make
    let setIntraOpThreads: SetNumber
    let setInterOpThreads: SetNumber
    let setSpinning: SetNumber
    let releaseThreading: Release
    let makeEnvironment: @convention(c) (Log, UnsafeMutableRawPointer?, Int32, Text, OpaquePointer, Out) -> Status
    let releaseEnvironment: Release

    let makeOptions: Make
    let setOptimization: SetNumber
    let setEntry: @convention(c) (OpaquePointer, Text, Text) -> Status
    let disablePerSessionThreads: SetFlag
    let disableArena: SetFlag
    let disableMemoryPattern: SetFlag
    let addExternalInitializers:
        @convention(c) (OpaquePointer, UnsafePointer<Text?>, UnsafePointer<OpaquePointer?>, Int) -> Status
    /// Ends the making of a session from another thread; libraries before 1.22 lack it.
    let setLoadCancellation: (@convention(c) (OpaquePointer, Bool) -> Status)?
    let releaseOptions: Release

    let makeSession: @convention(c) (OpaquePointer, UnsafeRawPointer, Int, OpaquePointer, Out) -> Status
    let inputCount: Count
    let outputCount: Count
    let inputName: NameAt
    let outputName: NameAt
    let inputType: PartAt
    let outputType: PartAt
    let run:
        @convention(c) (
            OpaquePointer, OpaquePointer?, UnsafePointer<Text?>, UnsafePointer<OpaquePointer?>, Int,
            UnsafePointer<Text?>, Int, Out
        ) -> Status
    let releaseSession: Release
    let makeRunOptions: Make
    let setTerminate: SetFlag
    let releaseRunOptions: Release

    let defaultAllocator: Make
    let free: @convention(c) (OpaquePointer, UnsafeMutableRawPointer) -> Status
    let makeCPUMemory: @convention(c) (Int32, Int32, Out) -> Status
    let releaseMemory: Release

    let makeTensor:
        @convention(c) (
            OpaquePointer, UnsafeMutableRawPointer, Int, UnsafePointer<Int64>?, Int, Int32, Out
        ) -> Status
    let tensorData: @convention(c) (OpaquePointer, UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Status
    let valueKind: Kind
    let valueTensorType: Part
    let releaseValue: Release

    let typeKind: Kind
    let typeTensorType: Part
    let releaseType: Release
    let elementType: Kind
    let dimensionCount: Count
    let dimensions: @convention(c) (OpaquePointer, UnsafeMutablePointer<Int64>, Int) -> Status
    /// Tells a scalar from an unknown rank; libraries before 1.24 cannot.
    let hasShape: (@convention(c) (OpaquePointer) -> Bool)?
    let releaseTensorType: Release

    /// Reads the table of an opened library.
    package init(_ library: EngineLibrary.Opened) throws(RuntimeError) {
        typealias Entry = @convention(c) () -> UnsafePointer<UnsafeRawPointer>?
        guard let symbol = unsafe dlsym(library.handle, "OrtGetApiBase"),
            let base = unsafe unsafeBitCast(symbol, to: Entry.self)()
        else { throw .notAnEngine(path: library.path) }
        let tableOf = unsafe unsafeBitCast(
            base[0], to: (@convention(c) (UInt32) -> UnsafePointer<UnsafeRawPointer>?).self)
        let versionOf = unsafe unsafeBitCast(base[1], to: (@convention(c) () -> Text?).self)
        version = unsafe versionOf().map { unsafe String(cString: $0) } ?? "of unknown version"
        guard let table = unsafe tableOf(13) else {
            throw .tooOld(path: library.path, version: version, oldest: EngineLibrary.oldestVersion)
        }
        func slot<Function>(_ index: Int, _ type: Function.Type = Function.self) -> Function {
            unsafe unsafeBitCast(table[index], to: type)
        }
        unsafe errorCode = slot(1)
        unsafe errorMessage = slot(2)
        unsafe releaseStatus = slot(93)

        unsafe makeThreading = slot(121)
        unsafe setIntraOpThreads = slot(147)
        unsafe setInterOpThreads = slot(148)
        unsafe setSpinning = slot(149)
        unsafe releaseThreading = slot(122)
        unsafe makeEnvironment = slot(151)
        unsafe releaseEnvironment = slot(92)

        unsafe makeOptions = slot(10)
        unsafe setOptimization = slot(23)
        unsafe setEntry = slot(130)
        unsafe disablePerSessionThreads = slot(120)
        unsafe disableArena = slot(19)
        unsafe disableMemoryPattern = slot(17)
        unsafe addExternalInitializers = slot(210)
        unsafe setLoadCancellation = unsafe tableOf(22) == nil ? nil : slot(293)
        unsafe releaseOptions = slot(100)

        unsafe makeSession = slot(8)
        unsafe inputCount = slot(30)
        unsafe outputCount = slot(31)
        unsafe inputName = slot(36)
        unsafe outputName = slot(37)
        unsafe inputType = slot(33)
        unsafe outputType = slot(34)
        unsafe run = slot(9)
        unsafe releaseSession = slot(95)
        unsafe makeRunOptions = slot(39)
        unsafe setTerminate = slot(46)
        unsafe releaseRunOptions = slot(97)

        unsafe defaultAllocator = slot(78)
        unsafe free = slot(76)
        unsafe makeCPUMemory = slot(69)
        unsafe releaseMemory = slot(94)

        unsafe makeTensor = slot(49)
        unsafe tensorData = slot(51)
        unsafe valueKind = slot(67)
        unsafe valueTensorType = slot(65)
        unsafe releaseValue = slot(96)

        unsafe typeKind = slot(56)
        unsafe typeTensorType = slot(55)
        unsafe releaseType = slot(98)
        unsafe elementType = slot(60)
        unsafe dimensionCount = slot(61)
        unsafe dimensions = slot(62)
        unsafe hasShape = unsafe tableOf(24) == nil ? nil : slot(390)
        unsafe releaseTensorType = slot(99)
    }

    /// Throws what a status says, in the engine's words, and releases it.
    func check(_ operation: String, _ status: Status) throws(RuntimeError) {
        guard let status = unsafe status else { return }
        let message = unsafe errorMessage(status).map { unsafe String(cString: $0) } ?? ""
        let code = unsafe errorCode(status)
        unsafe releaseStatus(status)
        throw .engine(operation: operation, message: message, code: code)
    }

    /// Owns what `make` returns, and releases it once.
    func handle(
        _ operation: String, releasedBy release: @escaping Release, _ make: (Out) -> Status
    ) throws(RuntimeError) -> EngineHandle {
        var pointer: OpaquePointer?
        try unsafe check(operation, make(&pointer))
        guard let pointer = unsafe pointer else {
            throw .engine(operation: operation, message: "it returned nothing", code: 0)
        }
        return unsafe EngineHandle(pointer, releasedBy: release)
    }

    /// A number that `get` writes.
    func number<Number: FixedWidthInteger>(
        _ operation: String, _ get: (UnsafeMutablePointer<Number>) -> Status
    ) throws(RuntimeError) -> Number {
        var result: Number = 0
        try unsafe check(operation, get(&result))
        return result
    }

    /// A pointer that stays the property of whom `get` asks.
    func borrowed(_ operation: String, _ get: (Out) -> Status) throws(RuntimeError) -> OpaquePointer? {
        var pointer: OpaquePointer?
        try unsafe check(operation, get(&pointer))
        return unsafe pointer
    }
}

/// A pointer that the engine gave us to own: released with the last reference.
@safe final class EngineHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    private let release: EngineInterface.Release

    init(_ pointer: OpaquePointer, releasedBy release: @escaping EngineInterface.Release) {
        unsafe self.pointer = pointer
        unsafe self.release = release
    }

    deinit { unsafe release(pointer) }
}
