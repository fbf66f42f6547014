import Dispatch
import Synchronization

/// A value that another thread computes from now on.
package final class Concurrent<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let group = DispatchGroup()

    package init(_ body: @escaping @Sendable () throws -> Value) {
        DispatchQueue.global(qos: .utility).async(group: group) {
            let value = Result { try body() }
            self.result.withLock { $0 = value }
        }
    }

    /// Waits for the value; fails where computing it did.
    package func get() throws -> Value? {
        group.wait()
        return try result.withLock { try $0?.get() }
    }
}
