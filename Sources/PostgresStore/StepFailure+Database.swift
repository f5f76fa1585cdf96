internal import Postgres
internal import Workflows

/// A failure is JSON text in the database, so that people can ask for its parts by SQL too.
extension StepFailure {
    var databaseText: [UInt8] {
        var text = Array(#"{"kind":""#.utf8)
        text.append(contentsOf: kind.text.utf8)
        text.append(contentsOf: #"","code":"#.utf8)
        text.append(quoted: code)
        text.append(contentsOf: #","message":"#.utf8)
        text.append(quoted: message)
        text.append(contentsOf: retryable ? #","retryable":true"#.utf8 : #","retryable":false"#.utf8)
        if let step {
            text.append(contentsOf: #","step":"#.utf8)
            text.append(quoted: step)
        }
        text.append(UInt8(ascii: "}"))
        return text
    }

    /// Five columns that `init(_:from:)` reads.
    static func columns(of failure: String) -> String {
        """
        \(failure)::json->>'kind', \(failure)::json->>'code', \(failure)::json->>'message',
        (\(failure)::json->>'retryable')::bool, \(failure)::json->>'step'
        """
    }

    /// Reads the five columns from `column` on; nil where there is no failure.
    static func read(_ row: PostgresRow, from column: Int) throws(PostgresError) -> StepFailure? {
        guard let kind = try row.decode(column, as: String?.self) else { return nil }
        return StepFailure(
            kind: Kind(text: kind) ?? .error, code: try row.decode(column + 1, as: String?.self) ?? "",
            message: try row.decode(column + 2, as: String?.self) ?? "",
            retryable: try row.decode(column + 3, as: Bool?.self) ?? false, step: try row.decode(column + 4))
    }
}

extension [UInt8] {
    /// Appends a JSON string (RFC 8259, section 7). NUL, which PostgreSQL's text cannot hold, becomes U+FFFD.
    fileprivate mutating func append(quoted string: String) {
        let hex = Array<UInt8>("0123456789abcdef".utf8)
        append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0: append(contentsOf: "\u{FFFD}".utf8)
            case 1..<0x20:
                append(contentsOf: #"\u00"#.utf8)
                append(hex[Int(byte >> 4)])
                append(hex[Int(byte & 15)])
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }
}
