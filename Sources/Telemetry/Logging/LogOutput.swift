import Glibc
import Synchronization

/// Where finished log lines go: a whole line in one write, so that lines of many threads do not mix.
public struct LogOutput: Sendable {
    private let sink: @Sendable ([UInt8]) -> Void

    /// - Parameter sink: gets one line with its end.
    public init(_ sink: @escaping @Sendable ([UInt8]) -> Void) { self.sink = sink }

    /// File descriptor 2. A line that cannot be written is lost: there is nowhere left to say so.
    public static let standardError = LogOutput { line in
        standardErrorLock.withLock { _ in
            unsafe line.withUnsafeBytes { bytes in
                var offset = 0
                while offset < bytes.count {
                    let written = unsafe Glibc.write(2, bytes.baseAddress! + offset, bytes.count - offset)
                    if written > 0 {
                        offset += written
                    } else if written < 0 && errno != EINTR {
                        return
                    }
                }
            }
        }
    }

    func write(_ line: [UInt8]) {
        var line = line
        line.append(UInt8(ascii: "\n"))
        sink(line)
    }
}

private let standardErrorLock = Mutex(())
