import Glibc

/// A command's end that is not success: what to say on standard error, and the exit status.
struct CommandFailure: Error {
    var status: ExitStatus
    var message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    func report() {
        if !message.isEmpty { printToStandardError(message) }
    }
}

/// Writes a line to standard error, where everything goes that is not the answer itself.
func printToStandardError(_ text: String) {
    var line = Array(text.utf8)
    if line.last != UInt8(ascii: "\n") { line.append(UInt8(ascii: "\n")) }
    var offset = 0
    while offset < line.count {
        let written = unsafe line.withUnsafeBytes { bytes in
            unsafe write(STDERR_FILENO, bytes.baseAddress! + offset, line.count - offset)
        }
        if written <= 0 { return }
        offset += written
    }
}
