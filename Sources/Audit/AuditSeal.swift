public import Access
public import Secrets

/// The digest of a range of event rows: the batches of all tenants in the transactions of it.
public struct EventsDigest: Sendable, Equatable {
    /// Transactions from this one.
    public var from: UInt64
    /// And below this one.
    public var to: UInt64
    public var count: Int64
    /// SHA-256 over the SHA-256 of each row; empty for none.
    public var digest: [UInt8]

    public init(from: UInt64, to: UInt64, count: Int64, digest: [UInt8]) {
        self.from = from
        self.to = to
        self.count = count
        self.digest = digest
    }
}

/// One link of the chain over the audit log: what was committed since the link before.
///
/// Its code covers its fields and the code of the link before, so no link can be changed, left out or put elsewhere without
/// the key.
public struct AuditSeal: Sendable, Equatable {
    /// From 1, without gaps.
    public var number: Int64
    /// µs since 1970.
    public var sealedAt: Int64
    /// The last record that it or one before it covers.
    public var through: AuditPosition
    /// The month of its records, as 202611; `nil` without records.
    public var month: Int32?
    /// Records sealed by it and those before it.
    public var total: Int64
    /// The digests of its records, in their order.
    public var leaves: [Digest]
    public var events: EventsDigest
    public var keyID: String
    public var code: [UInt8]

    public init(
        number: Int64, sealedAt: Int64, through: AuditPosition, month: Int32?, total: Int64, leaves: [Digest],
        events: EventsDigest, keyID: String, code: [UInt8]
    ) {
        self.number = number
        self.sealedAt = sealedAt
        self.through = through
        self.month = month
        self.total = total
        self.leaves = leaves
        self.events = events
        self.keyID = keyID
        self.code = code
    }

    /// Seals records of one month and a range of events behind another seal.
    ///
    /// - Precondition: there are records, or there is a seal before it.
    public init(
        _ records: [AuditRecord], events: EventsDigest, after last: AuditSeal?, at now: Int64, under keys: NamedKeys
    ) {
        guard let through = records.last?.position ?? last?.through else {
            preconditionFailure("the first seal needs a record")
        }
        self.init(
            number: (last?.number ?? 0) + 1, sealedAt: now, through: through, month: records.first?.month,
            total: (last?.total ?? 0) + Int64(records.count), leaves: records.map(\.leaf), events: events,
            keyID: keys.current.id, code: [])
        code = AuditCode.make(bytes(after: last?.code ?? []), key: keys.current)
    }

    /// Whether its code is right behind the code of the seal before it; `nil` when its key is not here.
    func isGenuine(after code: [UInt8], under keys: NamedKeys) -> Bool? {
        keys[keyID].map { AuditCode.isRight(self.code, bytes(after: code), key: $0) }
    }

    private func bytes(after previous: [UInt8]) -> AuditBytes {
        var bytes = AuditBytes("beamline audit seal 1")
        bytes.add(previous)
        bytes.add(number)
        bytes.add(sealedAt)
        bytes.add(Int64(through.epoch))
        bytes.add(Int64(bitPattern: through.transaction))
        bytes.add(through.id)
        bytes.add(Int64(month ?? -1))
        bytes.add(total)
        bytes.add(leaves.flatMap(\.bytes))
        bytes.add(Int64(bitPattern: events.from))
        bytes.add(Int64(bitPattern: events.to))
        bytes.add(events.count)
        bytes.add(events.digest)
        bytes.add(keyID)
        return bytes
    }
}
