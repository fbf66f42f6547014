import Synchronization

/// Keeps the values of the keys used last; the one that was used longest ago goes first.
final class RecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let entries = Mutex<[(key: Key, value: Value)]>([])
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// The value of a key, made where it is not there; two callers at once may both make it.
    func value(for key: Key, make: () throws -> Value) rethrows -> Value {
        let known = entries.withLock { entries -> Value? in
            guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
            let entry = entries.remove(at: index)
            entries.append(entry)
            return entry.value
        }
        if let known { return known }
        let made = try make()
        entries.withLock { entries in
            entries.append((key, made))
            if entries.count > capacity { entries.removeFirst() }
        }
        return made
    }
}
