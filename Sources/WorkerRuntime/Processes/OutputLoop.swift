import Protobuf

/// The two output streams of a process on their way to the log.
struct OutputLoop {
    /// An unfinished line is shown after this time: it may be a question or a progress bar.
    private static let patience = Duration.milliseconds(250)
    /// How often a full log is asked for room.
    private static let roomInterval = Duration.milliseconds(20)

    private let log: TaskLog
    private var output = OutputLines()
    private var error = OutputLines()
    private var unfinishedSince: ContinuousClock.Instant?
    private(set) var outputOpen = true
    private(set) var errorOpen = true
    private(set) var tail = ErrorTail()

    init(log: TaskLog) { self.log = log }

    func nextDeadline(hasRoom: Bool) -> ContinuousClock.Instant? {
        if !hasRoom { return .now + Self.roomInterval }
        return unfinishedSince.map { $0 + Self.patience }
    }

    /// Whether there may be more at once.
    @discardableResult
    mutating func readOutput(_ handle: borrowing FileHandle, now: ContinuousClock.Instant) -> Bool {
        var bytes: [UInt8] = []
        outputOpen = Self.read(handle, into: &bytes)
        log.append(output.append(bytes[...]), .output)
        noteUnfinished(now)
        return !bytes.isEmpty
    }

    /// Whether there may be more at once.
    @discardableResult
    mutating func readError(_ handle: borrowing FileHandle, now: ContinuousClock.Instant) -> Bool {
        var bytes: [UInt8] = []
        errorOpen = Self.read(handle, into: &bytes)
        tail.append(bytes)
        log.append(error.append(bytes[...]), .error)
        noteUnfinished(now)
        return !bytes.isEmpty
    }

    mutating func tick(now: ContinuousClock.Instant) {
        guard let since = unfinishedSince, now - since >= Self.patience else { return }
        finish()
    }

    mutating func finish() {
        log.append(output.flush(), .output)
        log.append(error.flush(), .error)
        unfinishedSince = nil
    }

    private mutating func noteUnfinished(_ now: ContinuousClock.Instant) {
        guard output.hasRest || error.hasRest else {
            unfinishedSince = nil
            return
        }
        if unfinishedSince == nil { unfinishedSince = now }
    }

    /// Whether the stream is still open. A failed read ends it: the process itself is watched by other means.
    private static func read(_ handle: borrowing FileHandle, into bytes: inout [UInt8]) -> Bool {
        switch try? handle.read(into: &bytes, limit: 65536) {
        case .bytes, .wouldBlock: true
        case .end, nil: false
        }
    }
}

/// The last bytes of standard error, for the message of a failure.
struct ErrorTail {
    private static let limit = 2048
    private var bytes: [UInt8] = []

    mutating func append(_ more: [UInt8]) {
        bytes.append(contentsOf: more)
        if bytes.count > 4 * Self.limit { bytes.removeFirst(bytes.count - Self.limit) }
    }

    /// At most 20 lines and 2 KiB, beginning with a whole line where there is one.
    var text: String {
        var end = bytes[...]
        while let last = end.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { end.removeLast() }
        if end.count > Self.limit {
            end = end.suffix(Self.limit)
            if let line = end.firstIndex(of: UInt8(ascii: "\n")) { end = end[(line + 1)...] }
        }
        let lines = end.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).suffix(20)
        return OutputLines.text(ArraySlice(lines.joined(separator: [UInt8(ascii: "\n")])))
    }
}
