public import Workflows

/// Where the output of attempts goes: appended in batches beside the lanes, never through them.
public protocol TaskLog: Sendable {
    func append(_ lines: [LogLine]) async throws(StoreError)
}

/// A chunk of an attempt's output. `sequence` is given by the worker, so that a resent chunk is stored once.
public struct LogLine: Sendable {
    public enum Stream: Int16, Sendable {
        case output = 1
        case error = 2
        case system = 3
    }

    public var key: RunKey
    public var step: Int32
    public var attempt: Int32
    public var sequence: Int64
    public var stream: Stream
    public var at: Timestamp
    public var text: String

    public init(
        key: RunKey, step: Int32, attempt: Int32, sequence: Int64, stream: Stream, at: Timestamp, text: String
    ) {
        self.key = key
        self.step = step
        self.attempt = attempt
        self.sequence = sequence
        self.stream = stream
        self.at = at
        self.text = text
    }
}
