public import Logging

/// A line for people at a terminal: time of day, level, message, then `key=value` pairs.
///
/// Control characters are written as escapes, so that what a caller sent cannot steer the terminal or forge a line.
public struct TextLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level
    private let output: LogOutput
    private let colours: Bool

    /// - Parameter colours: mark the level by ANSI colours; for terminals only.
    public init(level: Logger.Level = .info, colours: Bool = false, output: LogOutput = .standardError) {
        logLevel = level
        self.colours = colours
        self.output = output
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        output.write(Array(line(event, at: .now()).utf8))
    }

    func line(_ event: LogEvent, at time: WallTime) -> String {
        var line = String(time.rfc3339.dropFirst(11).prefix(12))
        line += " \(name(of: event.level)) \(Self.printable(Redaction.text(event.message.description)))"
        for (key, value) in LogMetadata.merge(handler: metadata, provider: metadataProvider, event: event) {
            let text = Redaction.isSecret(key: key) ? Redaction.mark : Redaction.text(value.description)
            line += " \(key)=\(Self.printable(text))"
        }
        if let error = event.error { line += " error=\(Self.printable(Redaction.text(String(describing: error))))" }
        return line
    }

    private func name(of level: Logger.Level) -> String {
        let name = level.rawValue.uppercased().padding(to: 8)
        guard colours else { return name }
        return switch level {
        case .trace, .debug: "\u{1b}[2m\(name)\u{1b}[0m"
        case .info, .notice: name
        case .warning: "\u{1b}[33m\(name)\u{1b}[0m"
        case .error, .critical: "\u{1b}[31m\(name)\u{1b}[0m"
        }
    }

    private static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 0x20 || 0x7f...0x9f ~= $0.value }) else { return text }
        var printable = ""
        for character in text.unicodeScalars {
            if character.value < 0x20 || 0x7f...0x9f ~= character.value {
                printable += "\\u{\(String(character.value, radix: 16))}"
            } else {
                printable.unicodeScalars.append(character)
            }
        }
        return printable
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        count < width ? self + String(repeating: " ", count: width - count) : self
    }
}
