/// Which records a list has.
public struct AuditQuery: Sendable {
    /// µs since 1970; inclusive and exclusive.
    public var since: Int64?
    public var until: Int64?
    public var actor: String?
    /// An action, or `queue.*` for all of one noun.
    public var action: String?
    public var name: String?
    public var operation: String?
    public var outcome: AuditEntry.Outcome?
    public var requestID: String?
    /// Records before this one, by id.
    public var before: Int64?
    public var limit: Int

    public init(limit: Int) { self.limit = limit }
}

/// The audit log, as requests write and read it.
public protocol AuditLog: Sendable {
    /// Writes records that have no transaction of their own to stand in.
    func record(_ entries: [AuditEntry]) async throws
    /// A tenant's records, newest first.
    func records(_ query: AuditQuery, tenant: Int32) async throws -> [AuditRecord]
}

/// What became of an attempt to seal.
public enum Sealing: Sendable, Equatable {
    /// Another node is at it.
    case busy
    /// Nothing was committed since the last seal.
    case idle(last: AuditSeal?)
    /// There may be more.
    case sealed(AuditSeal, isFull: Bool)
}

/// The audit log, as its sealer and its verifier know it.
public protocol AuditChain: Sendable {
    /// Seals what was committed since the last seal, if no other node does.
    ///
    /// - Parameters:
    ///   - limit: most records of one seal.
    ///   - eventsAfter: how old the last seal must be for one that has only events.
    ///   - make: a seal over these, behind the last one, at a time in µs since 1970.
    func seal(
        limit: Int, eventsAfter: Duration,
        make: @Sendable ([AuditRecord], EventsDigest, AuditSeal?, Int64) -> AuditSeal
    ) async throws -> Sealing
    /// Seals behind a number, in their order.
    func seals(after number: Int64, limit: Int) async throws -> [AuditSeal]
    /// Records behind one position up to another.
    func records(after: AuditPosition?, through: AuditPosition) async throws -> [AuditRecord]
    /// The digest of a range of events as it is now; `nil` when they are no longer kept.
    func events(from: UInt64, to: UInt64, epoch: Int32) async throws -> EventsDigest?
    func horizons() async throws -> [AuditHorizon]
    /// How many records stand behind a position: those that no seal covers.
    func unsealed(after: AuditPosition?) async throws -> Int64
    /// Makes the partitions of the months ahead, and drops those before a horizon that has been marked with it.
    ///
    /// - Parameter horizon: makes the mark for months that are older than so many, as 202611, at a time in µs since 1970.
    func maintainAudit(
        keepingMonths months: Int?, horizon: @Sendable (Int32, Int64) -> AuditHorizon
    ) async throws
}

extension AuditChain {
    /// Follows the whole chain.
    public func verify(_ verifier: AuditVerifier) async throws -> (result: AuditVerifier, unsealed: Int64) {
        var verifier = verifier
        var number: Int64 = 0
        var position: AuditPosition?
        while true {
            let page = try await seals(after: number, limit: 200)
            guard !page.isEmpty else { break }
            for seal in page {
                // A seal that lies about its place must not hide records, so the range goes on from the last true one.
                let isExpired = verifier.isExpired(seal)
                let isEmpty = seal.leaves.isEmpty && seal.through == position
                let records = isExpired || isEmpty ? [] : try await records(after: position, through: seal.through)
                let events = try await events(
                    from: seal.events.from, to: seal.events.to, epoch: seal.through.epoch)
                verifier.take(seal, records: records, events: events)
                number = seal.number
                position = position.map { max($0, seal.through) } ?? seal.through
            }
        }
        verifier.finish()
        return (verifier, try await unsealed(after: position))
    }
}
