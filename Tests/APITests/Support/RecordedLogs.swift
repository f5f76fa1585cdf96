import Logging
import Synchronization

/// Everything that is logged, as text.
final class RecordedLogs: Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    /// A logger of all levels whose lines are kept here.
    var logger: Logger {
        Logger(label: "recorded") { _ in Handler(logs: self) }
    }

    private struct Handler: LogHandler {
        let logs: RecordedLogs
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            logs.lines.withLock { $0.append("\(event.level) \(event.message) \(all)") }
        }
    }
}
