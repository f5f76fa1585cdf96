import Glibc
import Schemas

/// Reads lines as they come and writes the answer to each before it waits for more.
struct SchemaStream {
    /// `-` is standard input.
    var path: String

    private static let longestLine = 32 << 20

    func answer(with checker: inout SchemaLines) throws(CommandFailure) {
        let descriptor = unsafe path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(errno) }
        defer { if path != "-" { close(descriptor) } }
        var line: [UInt8] = []
        var isOverlong = false
        var answers: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress!, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(errno)
            }
            for part in chunk[..<count].split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
                // What stands before the first newline of a chunk still belongs to the line before.
                if part.offset > 0 { end(&line, &isOverlong, &checker, &answers) }
                line += part.element
                if line.count > Self.longestLine {
                    isOverlong = true
                    line = []
                }
            }
            if count == 0 { end(&line, &isOverlong, &checker, &answers) }
            try write(answers)
            answers = []
            if count == 0 { return }
        }
    }

    private func end(
        _ line: inout [UInt8], _ isOverlong: inout Bool, _ checker: inout SchemaLines, _ answers: inout [UInt8]
    ) {
        let answer = isOverlong ? checker.answerToOverlong(limit: Self.longestLine) : checker.answer(line)
        if let answer { answers += answer + [0x0A] }
        line = []
        isOverlong = false
    }

    private func write(_ bytes: [UInt8]) throws(CommandFailure) {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress! + offset, bytes.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let number = errno
                throw CommandFailure(.invalid, "error: the answers cannot be written: \(message(number))")
            }
            offset += count
        }
    }

    private func failure(_ number: Int32) -> CommandFailure {
        CommandFailure(.invalid, "error: \(path): \(message(number))")
    }

    private func message(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }
}
