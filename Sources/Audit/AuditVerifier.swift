internal import Access
public import Secrets

/// Follows the chain from its first seal and says what does not fit.
///
/// It is fed every seal in the order of their numbers, each with the rows that stand in its range now, and at the end with
/// the heads that were exported.
public struct AuditVerifier {
    public private(set) var findings: [AuditFinding] = []
    /// Seals whose code is right.
    public private(set) var seals: Int64 = 0
    /// Records that are as they were sealed.
    public private(set) var records: Int64 = 0
    /// Seals whose event rows were compared, and those whose events are no longer kept.
    public private(set) var events: (checked: Int64, gone: Int64) = (0, 0)
    /// Records that have left with their month.
    public private(set) var expired: Int64 = 0

    private let keys: NamedKeys
    private let horizon: Int32
    /// The codes of the seals that heads name.
    private var codes: [Int64: [UInt8]] = [:]
    private let heads: [AuditHead]
    private var last: (number: Int64, code: [UInt8]) = (0, [])

    /// - Parameters:
    ///   - horizons: marks of months that were dropped.
    ///   - heads: as they were exported, in any order.
    public init(keys: NamedKeys, horizons: [AuditHorizon], heads: [AuditHead]) {
        self.keys = keys
        self.heads = heads
        var before: Int32 = 0
        var forged: [AuditFinding] = []
        for mark in horizons {
            if mark.isGenuine(under: keys) {
                before = max(before, mark.before)
            } else {
                forged.append(.horizonForged(before: mark.before))
            }
        }
        horizon = before
        findings = forged
        for head in heads { codes[head.number] = [] }
    }

    /// Whether the records of a seal may be gone.
    public func isExpired(_ seal: AuditSeal) -> Bool { seal.month.map { $0 < horizon } ?? false }

    /// Takes the next seal.
    ///
    /// - Parameters:
    ///   - records: what stands between the seal before and this one.
    ///   - events: of its range; `nil` when those rows are no longer kept.
    public mutating func take(_ seal: AuditSeal, records: [AuditRecord], events: EventsDigest?) {
        if seal.number > last.number + 1 {
            for number in (last.number + 1)..<min(seal.number, last.number + 11) {
                findings.append(.sealMissing(number))
            }
        }
        switch seal.isGenuine(after: last.code, under: keys) {
        case true?: seals += 1
        case false?: findings.append(.sealForged(seal.number))
        case nil: findings.append(.keyUnknown(seal: seal.number, key: seal.keyID))
        }
        last = (seal.number, seal.code)
        if codes[seal.number] != nil { codes[seal.number] = seal.code }
        if isExpired(seal) {
            expired += Int64(seal.leaves.count)
        } else {
            compare(seal, records)
        }
        if let events {
            self.events.checked += 1
            if events != seal.events { findings.append(.eventsChanged(seal: seal.number)) }
        } else {
            self.events.gone += 1
        }
    }

    /// Compares the end with the exported heads.
    public mutating func finish() {
        var cut: Int64?
        for head in heads.sorted(by: { $0.number < $1.number }) {
            guard head.isGenuine(under: keys) else {
                findings.append(.headForged(head.number))
                continue
            }
            if head.number > last.number {
                cut = max(cut ?? 0, head.number)
            } else if codes[head.number] != head.code, codes[head.number]?.isEmpty == false {
                findings.append(.chainRewritten(seal: head.number))
            }
        }
        if let cut { findings.append(.tailCut(head: cut, last: last.number)) }
    }

    private mutating func compare(_ seal: AuditSeal, _ records: [AuditRecord]) {
        let leaves = records.map(\.leaf)
        if leaves == seal.leaves {
            self.records += Int64(leaves.count)
            return
        }
        var missing = seal.leaves.reduce(into: [Digest: Int]()) { $0[$1, default: 0] += 1 }
        var strangers: [Int64] = []
        for (record, leaf) in zip(records, leaves) {
            if let count = missing[leaf] {
                missing[leaf] = count > 1 ? count - 1 : nil
                self.records += 1
            } else {
                strangers.append(record.position.id)
            }
        }
        let gone = missing.values.reduce(0, +)
        if gone == 0, strangers.isEmpty { findings.append(.recordsReordered(seal: seal.number)) }
        for id in strangers.prefix(gone) { findings.append(.recordChanged(seal: seal.number, id: id)) }
        for id in strangers.dropFirst(gone) { findings.append(.recordAdded(seal: seal.number, id: id)) }
        if gone > strangers.count {
            findings.append(.recordsRemoved(seal: seal.number, count: gone - strangers.count))
        }
    }
}
