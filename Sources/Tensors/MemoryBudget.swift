import Foundation

/// The bytes that a run may take beside a model's weights, and who decided that.
public struct MemoryBudget: Sendable, Hashable, CustomStringConvertible {
    /// The most bytes that may be taken at one time.
    public let bytes: Int
    /// Whether somebody gave the number; else it is what the machine has.
    public let isGiven: Bool

    /// A budget of so many bytes.
    public init(bytes: Int) {
        self.bytes = bytes
        isGiven = true
    }

    private init(machine bytes: Int) {
        self.bytes = bytes
        isGiven = false
    }

    /// Three quarters of the memory that was free when the process first asked; 4 GiB where the system does not tell.
    ///
    /// Free is the least of `MemAvailable` and what the limits of the process's control groups leave.
    public static let ofMachine = MemoryBudget(machine: SystemMemory.available().map { $0 / 4 * 3 } ?? 1 << 32)

    /// Whether `count` elements of `size` bytes fit; products that overflow do not.
    public func admits(_ count: Int?, of size: Int) -> Bool {
        guard let count, count >= 0 else { return false }
        let (total, overflow) = count.multipliedReportingOverflow(by: size)
        return !overflow && total <= bytes
    }

    /// `17.0 GiB (three quarters of what is free)`, `512 MiB (--memory)`.
    public var description: String {
        "\(Self.text(bytes)) \(isGiven ? "(--memory)" : "(three quarters of what this machine has free)")"
    }

    /// A number of bytes for people: `3.1 GiB`.
    public static func text(_ bytes: Int) -> String {
        for (unit, size) in [("TiB", 0x1p40), ("GiB", 0x1p30), ("MiB", 0x1p20), ("KiB", 0x1p10)]
        where Double(bytes) >= size {
            return String(format: "%.4g %@", Double(bytes) / size, unit)
        }
        return "\(bytes) bytes"
    }
}

/// What the system says about memory.
package enum SystemMemory {
    /// The bytes that can be taken without swapping; nil where nothing tells.
    static func available() -> Int? {
        let free = firstLine("/proc/meminfo", beginning: "MemAvailable:").map {
            $0.multipliedReportingOverflow(by: 1024)
        }
        let limits = controlGroups().compactMap { folder -> Int? in
            left(limit: number(folder + "/memory.max"), used: number(folder + "/memory.current"))
                ?? left(
                    limit: number(folder + "/memory.limit_in_bytes"), used: number(folder + "/memory.usage_in_bytes"))
        }
        return ([free.flatMap { $0.overflow ? nil : $0.partialValue }].compactMap(\.self) + limits).min()
    }

    private static func left(limit: Int?, used: Int?) -> Int? {
        guard let limit, limit >= 0 else { return nil }
        return max(0, limit - min(limit, max(0, used ?? 0)))
    }

    /// The folders of the process's groups, of both versions, with all that they lie in.
    private static func controlGroups() -> [String] {
        guard let text = text("/proc/self/cgroup") else { return [] }
        var folders: [String] = []
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, parts[1].isEmpty || parts[1].split(separator: ",").contains("memory") else {
                continue
            }
            let root = parts[1].isEmpty ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
            var path = parts[2].split(separator: "/").map(String.init)
            // Inside of a container the path is the host's, and its end is mounted at the root.
            folders.append(root)
            while !path.isEmpty {
                folders.append(([root] + path).joined(separator: "/"))
                path.removeLast()
            }
        }
        return folders
    }

    private static func number(_ path: String) -> Int? {
        text(path).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    /// The number behind a name such as `MemAvailable:` in one of the system's files.
    package static func firstLine(_ path: String, beginning name: String) -> Int? {
        text(path)?.split(separator: "\n").first { $0.hasPrefix(name) }
            .flatMap { $0.dropFirst(name.count).split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) } }
    }

    private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
