package import Foundation

/// Open files and streams of the process, by number.
package enum Descriptor {
    /// Writes all bytes; returns the system's error number where it cannot.
    package static func write(_ data: Data, to descriptor: Int32) -> Int32? {
        var start = data.startIndex
        while start < data.endIndex {
            let rest = data[start...]
            let count = unsafe rest.withUnsafeBytes { unsafe Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                start += count
                continue
            }
            switch count < 0 ? errno : EIO {
            case EINTR: continue
            case EAGAIN:
                // Whoever gave the stream away set it so that it does not wait.
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&waiting, 1, -1)
            case let code: return code
            }
        }
        return nil
    }

    /// Opens what the process was started without of standard input, output and error, so that no file of its own gets their numbers.
    ///
    /// Reading from and writing to them fails as it would have.
    package static func fillStandardStreams() {
        for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number is taken.
            _ = unsafe open("/dev/null", mode)
        }
    }
}
