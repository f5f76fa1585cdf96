public import Secrets

/// A mark that a node made when it dropped the records of old months: without one, their absence is a deletion.
public struct AuditHorizon: Sendable, Equatable {
    /// µs since 1970.
    public var madeAt: Int64
    /// Months before this one are gone: 202611.
    public var before: Int32
    public var keyID: String
    public var code: [UInt8]

    public init(madeAt: Int64, before: Int32, keyID: String, code: [UInt8]) {
        self.madeAt = madeAt
        self.before = before
        self.keyID = keyID
        self.code = code
    }

    /// A new one.
    public init(before: Int32, at now: Int64, under keys: NamedKeys) {
        self.init(madeAt: now, before: before, keyID: keys.current.id, code: [])
        code = AuditCode.make(bytes, key: keys.current)
    }

    func isGenuine(under keys: NamedKeys) -> Bool {
        keys[keyID].map { AuditCode.isRight(code, bytes, key: $0) } ?? false
    }

    private var bytes: AuditBytes {
        var bytes = AuditBytes("beamline audit horizon 1")
        bytes.add(madeAt)
        bytes.add(Int64(before))
        bytes.add(keyID)
        return bytes
    }
}
