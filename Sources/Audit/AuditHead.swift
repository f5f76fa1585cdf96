internal import JSON
public import Secrets

/// The end of the chain as it once was, signed and kept outside the database: what shows that the chain was cut or
/// written anew since.
public struct AuditHead: Sendable, Equatable {
    public var number: Int64
    public var total: Int64
    /// µs since 1970.
    public var sealedAt: Int64
    /// The seal's code.
    public var code: [UInt8]
    public var keyID: String
    public var signature: [UInt8]

    /// Signs a seal.
    public init(_ seal: AuditSeal, under keys: NamedKeys) {
        number = seal.number
        total = seal.total
        sealedAt = seal.sealedAt
        code = seal.code
        keyID = keys.current.id
        signature = []
        signature = AuditCode.make(bytes, key: keys.current)
    }

    /// Reads a line of a file of heads; `nil` for one that is none.
    public init?(line: String) {
        guard let value = try? JSONValue(parsing: Array(line.utf8)), let number = value["seal"]?.intValue,
            let total = value["records"]?.intValue, let sealedAt = value["sealed_at_us"]?.intValue,
            let code = value["code"]?.stringValue.flatMap(Self.bytes), let keyID = value["key"]?.stringValue,
            let signature = value["signature"]?.stringValue.flatMap(Self.bytes)
        else { return nil }
        self.number = number
        self.total = total
        self.sealedAt = sealedAt
        self.code = code
        self.keyID = keyID
        self.signature = signature
    }

    /// A line of JSON, without its end.
    public var line: String {
        JSONValue.object([
            ("seal", .int(number)), ("records", .int(total)), ("sealed_at_us", .int(sealedAt)),
            ("code", .string(Self.hexadecimal(code))), ("key", .string(keyID)),
            ("signature", .string(Self.hexadecimal(signature))),
        ]).text()
    }

    func isGenuine(under keys: NamedKeys) -> Bool {
        keys[keyID].map { AuditCode.isRight(signature, bytes, key: $0) } ?? false
    }

    private var bytes: AuditBytes {
        var bytes = AuditBytes("beamline audit head 1")
        bytes.add(number)
        bytes.add(total)
        bytes.add(sealedAt)
        bytes.add(code)
        bytes.add(keyID)
        return bytes
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        let digits = text.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count.isMultiple(of: 2), digits.allSatisfy({ $0 != nil }) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8((digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0)) }
    }
}
