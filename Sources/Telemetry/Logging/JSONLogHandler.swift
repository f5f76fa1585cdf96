public import Logging

/// One JSON object a line: `time`, `level`, `logger`, `message`, then the metadata (request_id, run_id, trace_id, …).
///
/// Values of secret-looking keys, and anything that looks like a token, are never written (``Redaction``).
public struct JSONLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level
    private let label: String
    private let output: LogOutput

    public init(label: String, level: Logger.Level = .info, output: LogOutput = .standardError) {
        self.label = label
        logLevel = level
        self.output = output
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        output.write(line(event, at: .now()))
    }

    /// The line without its end; the order of the metadata is that of its keys.
    func line(_ event: LogEvent, at time: WallTime) -> [UInt8] {
        var line = Array(#"{"time":""#.utf8)
        time.appendRFC3339(to: &line)
        line.append(contentsOf: #"","level":""#.utf8)
        line.append(contentsOf: event.level.rawValue.utf8)
        line.append(contentsOf: #"","logger":"#.utf8)
        LogText.append(label, to: &line)
        line.append(contentsOf: #","message":"#.utf8)
        LogText.append(Redaction.text(event.message.description), to: &line)
        for (key, value) in allMetadata(of: event) where !Self.reserved.contains(key) {
            line.append(UInt8(ascii: ","))
            LogText.append(key, to: &line)
            line.append(UInt8(ascii: ":"))
            append(value, key: key, to: &line)
        }
        if let error = event.error {
            line.append(contentsOf: #","error":"#.utf8)
            LogText.append(Redaction.text(String(describing: error)), to: &line)
        }
        line.append(UInt8(ascii: "}"))
        return line
    }

    private static let reserved: Set<String> = ["time", "level", "logger", "message"]

    private func allMetadata(of event: LogEvent) -> [(key: String, value: Logger.Metadata.Value)] {
        LogMetadata.merge(handler: metadata, provider: metadataProvider, event: event)
    }

    private func append(_ value: Logger.Metadata.Value, key: String, to line: inout [UInt8]) {
        if Redaction.isSecret(key: key) { return LogText.append(Redaction.mark, to: &line) }
        switch value {
        case .string(let text): LogText.append(Redaction.text(text), to: &line)
        case .stringConvertible(let value): LogText.append(Redaction.text(value.description), to: &line)
        case .array(let values):
            line.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                append(value, key: key, to: &line)
            }
            line.append(UInt8(ascii: "]"))
        case .dictionary(let values):
            line.append(UInt8(ascii: "{"))
            for (index, member) in values.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                LogText.append(member.key, to: &line)
                line.append(UInt8(ascii: ":"))
                append(member.value, key: member.key, to: &line)
            }
            line.append(UInt8(ascii: "}"))
        }
    }
}
