import Engine
import Workflows

/// Where a page ended, as opaque text: callers hand it back and never read it.
enum Cursor {
    static func text(_ run: RunID) -> String { Base64URL.encode(Array("r\(run)".utf8)) }
    static func text(name: String) -> String { Base64URL.encode(Array("n\(name)".utf8)) }
    static func text(_ position: LogPosition) -> String {
        Base64URL.encode(Array("l\(position.step).\(position.attempt).\(position.sequence)".utf8))
    }

    static func text(_ position: ApprovalPosition) -> String {
        Base64URL.encode(Array("a\(position.since.microseconds).\(position.step).\(position.run)".utf8))
    }

    static func text(audit id: Int64) -> String { Base64URL.encode(Array("u\(id)".utf8)) }

    static func audit(_ text: String?) throws(Problem) -> Int64? {
        guard let text else { return nil }
        guard let id = content(text, kind: "u").flatMap({ Int64($0) }), id > 0 else { throw invalid }
        return id
    }

    static func approval(_ text: String?) throws(Problem) -> ApprovalPosition? {
        guard let text else { return nil }
        guard let parts = content(text, kind: "a")?.split(separator: "."), parts.count == 3,
            let since = Int64(parts[0]), let step = Int32(parts[1]), let run = RunID(String(parts[2]))
        else { throw invalid }
        return ApprovalPosition(since: Timestamp(microseconds: since), run: run, step: step)
    }

    static func text(number: Int32) -> String { Base64URL.encode(Array("i\(number)".utf8)) }

    static func number(_ text: String?) throws(Problem) -> Int32? {
        guard let text else { return nil }
        guard let number = content(text, kind: "i").flatMap({ Int32($0) }) else { throw invalid }
        return number
    }

    static func text(_ position: DeadLetterPosition) -> String {
        Base64URL.encode(Array("d\(position.at.microseconds).\(position.id)".utf8))
    }

    static func deadLetter(_ text: String?) throws(Problem) -> DeadLetterPosition? {
        guard let text else { return nil }
        guard let parts = content(text, kind: "d")?.split(separator: "."), parts.count == 2,
            let at = Int64(parts[0]), let id = DeadLetterID(parts[1])
        else { throw invalid }
        return DeadLetterPosition(at: Timestamp(microseconds: at), id: id)
    }

    static func run(_ text: String?) throws(Problem) -> RunID? {
        guard let text else { return nil }
        guard let content = content(text, kind: "r"), let run = RunID(content) else { throw invalid }
        return run
    }

    static func name(_ text: String?) throws(Problem) -> String? {
        guard let text else { return nil }
        guard let content = content(text, kind: "n") else { throw invalid }
        return content
    }

    static func position(_ text: String?) throws(Problem) -> LogPosition? {
        guard let text else { return nil }
        guard let parts = content(text, kind: "l")?.split(separator: "."), parts.count == 3,
            let step = Int32(parts[0]), let attempt = Int32(parts[1]), let sequence = Int64(parts[2])
        else { throw invalid }
        return LogPosition(step: step, attempt: attempt, sequence: sequence)
    }

    private static func content(_ text: String, kind: Character) -> String? {
        guard let bytes = Base64URL.decode(text), let content = String(validating: bytes, as: UTF8.self),
            content.first == kind, !content.unicodeScalars.contains("\0")
        else { return nil }
        return String(content.dropFirst())
    }

    private static var invalid: Problem {
        Problem(400, "invalid_cursor", "The cursor is not one of this list; read from the first page again.")
    }
}
