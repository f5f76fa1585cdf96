/// A statement that a connection prepares the first time it meets it, by value: the same text is the same statement.
public struct PostgresStatement: Sendable, Hashable {
    /// The name on the server, derived from the text and the types.
    public let name: String
    public let sql: String
    public let parameterTypes: [PostgresType]

    /// - Parameters:
    ///   - sql: one statement with `$1`, `$2`, … for the parameters. Never put values into it.
    ///   - parameterTypes: the type of each parameter, in order.
    public init(_ sql: String, _ parameterTypes: [PostgresType] = []) {
        var hash = Hash()
        for byte in sql.utf8 { hash.mix(byte) }
        for type in parameterTypes {
            for shift: UInt32 in [0, 8, 16, 24] { hash.mix(UInt8(truncatingIfNeeded: type.rawValue >> shift)) }
        }
        name = "b" + String(hash.value, radix: 36)
        self.sql = sql
        self.parameterTypes = parameterTypes
    }

    public static func == (left: Self, right: Self) -> Bool { left.name == right.name && left.sql == right.sql }

    public func hash(into hasher: inout Hasher) { hasher.combine(name) }

    static let begin = PostgresStatement("BEGIN")
    static let commit = PostgresStatement("COMMIT")
    static let rollback = PostgresStatement("ROLLBACK")
}

/// FNV-1a with 64 bits: stable between processes, which Swift's own hashing is not.
struct Hash {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func mix(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
}
