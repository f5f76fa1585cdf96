import Expressions
import Glibc

/// Answers the expressions of standard input on standard output, line by line, until it ends.
enum ExpressionStream {
    private static let longestLine = 16 << 20

    static func run(budget: Int) throws(CommandFailure) {
        let answers = ExpressionLine(timeZones: ZoneFiles.zones, budget: budget)
        var splitter = LineSplitter(limit: longestLine)
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(STDIN_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw CommandFailure(.failed, "error: standard input cannot be read") }
            if count == 0 { break }
            for line in splitter.add(chunk[..<count]) { try answer(line, answers) }
        }
        if let line = splitter.finish() { try answer(line, answers) }
    }

    private static func answer(_ line: LineSplitter.Line, _ answers: ExpressionLine) throws(CommandFailure) {
        switch line {
        case .whole(let bytes):
            // A line of spaces asks nothing.
            guard bytes.contains(where: { $0 > 32 }) else { return }
            try write(answers.answer(bytes) + [UInt8(ascii: "\n")])
        case .tooLong:
            try write(answers.refusal("the line is longer than \(longestLine) bytes") + [UInt8(ascii: "\n")])
        }
    }

    private static func write(_ bytes: [UInt8]) throws(CommandFailure) {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress! + offset, bytes.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw CommandFailure(.failed, "error: standard output cannot be written") }
            offset += count
        }
    }
}
