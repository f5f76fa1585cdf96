import Glibc

/// A system call that failed, with what it was about.
struct SystemError: Error, CustomStringConvertible {
    var call: String
    var code: Int32

    var description: String { "\(call): \(unsafe String(cString: strerror(code)))" }

    /// The error that the last call of this thread left.
    static func last(_ call: String) -> SystemError { SystemError(call: call, code: errno) }
}
