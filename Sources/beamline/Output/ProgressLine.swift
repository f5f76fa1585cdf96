import Glibc

/// A line that is written again and again on a terminal, and only when it is final elsewhere.
final class ProgressLine {
    private let onTerminal: Bool
    private let live: Bool
    private var text = ""

    init(live: Bool) {
        self.live = live
        onTerminal = isatty(STDOUT_FILENO) == 1
    }

    func update(_ line: String) {
        guard live, line != text else { return }
        text = line
        guard onTerminal else { return }
        // Back to the column 0, erase to the end: shorter lines leave nothing behind.
        print("\r\u{1B}[K\(clipped(line))", terminator: "")
        flushStandardOutput()
    }

    func end() {
        guard live else { return }
        if onTerminal { print("\r\u{1B}[K", terminator: "") }
        print(text)
        flushStandardOutput()
    }

    private func clipped(_ line: String) -> String {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 8 else { return line }
        let width = Int(size.ws_col) - 1
        return line.count <= width ? line : String(line.prefix(width - 1)) + "…"
    }
}

/// Everything printed so far goes out now.
func flushStandardOutput() {
    fflush(nil)
}
