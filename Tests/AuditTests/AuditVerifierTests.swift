import Access
import Secrets
import Testing

@testable import Audit

@Suite("The chain over the audit log")
struct AuditVerifierTests {
    private static let keys = NamedKeys.test("a1")

    /// A chain over records of two months, two records a seal.
    struct Chain {
        var seals: [AuditSeal] = []
        var records: [[AuditRecord]] = []

        init(_ count: Int = 6, keys: NamedKeys = AuditVerifierTests.keys) {
            for number in 0..<Int64(count) {
                let month: Int32 = number < 3 ? 202_610 : 202_611
                let pair = (0..<2).map { AuditRecord.test(number * 2 + $0 + 1, month: month) }
                let events = EventsDigest(from: UInt64(number), to: UInt64(number + 1), count: 1, digest: [7])
                seals.append(AuditSeal(pair, events: events, after: seals.last, at: number, under: keys))
                records.append(pair)
            }
        }

        func verify(
            _ keys: NamedKeys = AuditVerifierTests.keys, horizons: [AuditHorizon] = [], heads: [AuditHead] = []
        ) -> AuditVerifier {
            var verifier = AuditVerifier(keys: keys, horizons: horizons, heads: heads)
            for (seal, records) in zip(seals, records) {
                verifier.take(seal, records: records, events: seal.events)
            }
            verifier.finish()
            return verifier
        }

        func head(_ number: Int) -> AuditHead { AuditHead(seals[number - 1], under: AuditVerifierTests.keys) }
    }

    @Test("an untouched chain fits, with its heads")
    func whole() {
        let chain = Chain()
        let result = chain.verify(heads: [chain.head(2), chain.head(6)])
        #expect(result.findings.isEmpty && result.seals == 6 && result.records == 12)
    }

    @Test("each field of a record is sealed")
    func fields() {
        let changes: [(inout AuditRecord) -> Void] = [
            { $0.at += 1 }, { $0.tenant = nil }, { $0.times += 1 }, { $0.actorKind = "key" }, { $0.actor = "eve" },
            { $0.actorTenant = nil }, { $0.address = "x" }, { $0.agent = "x" }, { $0.operation = nil },
            { $0.action = "x" }, { $0.name = nil }, { $0.name = "" }, { $0.outcome = "refused" },
            { $0.before = "{}" }, { $0.after = nil }, { $0.requestID = "x" }, { $0.traceID = "x" },
            { $0.position.transaction += 1 }, { $0.position.epoch += 1 },
        ]
        for (index, change) in changes.enumerated() {
            var chain = Chain()
            change(&chain.records[2][1])
            #expect(chain.verify().findings == [.recordChanged(seal: 3, id: 6)], "change \(index)")
        }
    }

    @Test("what stands between two fields cannot move from one to the other")
    func boundaries() {
        var one = AuditRecord.test(1, month: 1)
        (one.action, one.name) = ("ab", "c")
        var other = one
        (other.action, other.name) = ("a", "bc")
        #expect(one.leaf != other.leaf)
    }

    @Test("records that are removed, added and put in another order")
    func rows() {
        var chain = Chain()
        chain.records[3].remove(at: 0)
        #expect(chain.verify().findings == [.recordsRemoved(seal: 4, count: 1)])
        chain = Chain()
        chain.records[3].insert(.test(99, month: 202_611), at: 1)
        #expect(chain.verify().findings == [.recordAdded(seal: 4, id: 99)])
        chain = Chain()
        chain.records[3].swapAt(0, 1)
        #expect(chain.verify().findings == [.recordsReordered(seal: 4)])
    }

    @Test("seals that are removed, changed, moved, or made under another key")
    func seals() {
        var chain = Chain()
        chain.seals.remove(at: 2)
        chain.records.remove(at: 2)
        #expect(chain.verify().findings == [.sealMissing(3), .sealForged(4)])
        chain = Chain()
        chain.seals[2].leaves = [AuditRecord.test(77, month: 1).leaf]
        #expect(chain.verify().findings.contains(.sealForged(3)))
        chain = Chain()
        (chain.seals[1].number, chain.seals[2].number) = (3, 2)
        chain.seals.swapAt(1, 2)
        #expect(chain.verify().findings.contains(.sealForged(2)))
        // The same name, another key: what somebody has who only has the database.
        #expect(Chain(keys: .test("a1", digit: "9")).verify().findings.count == 6)
        #expect(Chain(keys: .test("z9")).verify().findings.first == .keyUnknown(seal: 1, key: "z9"))
    }

    @Test("a cut tail and a chain that was written anew show against the heads; a forged head shows itself")
    func heads() {
        let chain = Chain()
        let heads = [chain.head(3), chain.head(6)]
        var cut = chain
        cut.seals.removeLast(2)
        cut.records.removeLast(2)
        #expect(cut.verify().findings.isEmpty)
        #expect(cut.verify(heads: heads).findings == [.tailCut(head: 6, last: 4)])
        var other = Chain(0)
        other.records = chain.records
        other.records[0][0].actor = "somebody else"
        for (index, pair) in other.records.enumerated() {
            other.seals.append(
                AuditSeal(
                    pair, events: chain.seals[index].events, after: other.seals.last, at: 9, under: Self.keys))
        }
        #expect(other.verify().findings.isEmpty)
        #expect(other.verify(heads: heads).findings == [.chainRewritten(seal: 3), .chainRewritten(seal: 6)])
        var forged = chain.head(6)
        forged.number = 5
        #expect(chain.verify(heads: [forged]).findings == [.headForged(5)])
    }

    @Test("a head is read as it was written")
    func lines() {
        let head = Chain().head(4)
        #expect(AuditHead(line: head.line) == head)
        for line in ["", "{}", "x", head.line.replacing("code", with: "kode")] { #expect(AuditHead(line: line) == nil) }
    }

    @Test("months that a node has dropped may be absent; by nobody else's mark, and no other month")
    func horizons() {
        var chain = Chain()
        for index in 0..<3 { chain.records[index] = [] }
        #expect(chain.verify().findings.count == 3)
        let mark = AuditHorizon(before: 202_611, at: 5, under: Self.keys)
        let result = chain.verify(horizons: [mark])
        #expect(result.findings.isEmpty && result.expired == 6 && result.records == 6)
        chain.records[4] = []
        #expect(chain.verify(horizons: [mark]).findings == [.recordsRemoved(seal: 5, count: 2)])
        var forged = mark
        forged.before = 202_612
        #expect(chain.verify(horizons: [mark, forged]).findings.first == .horizonForged(before: 202_612))
        #expect(chain.verify(horizons: [mark, forged]).findings.count == 2)
    }

    @Test("event rows are compared with what was sealed of them; those that are gone are counted")
    func events() {
        let chain = Chain(2)
        var verifier = AuditVerifier(keys: Self.keys, horizons: [], heads: [])
        var changed = chain.seals[0].events
        changed.digest = [8]
        verifier.take(chain.seals[0], records: chain.records[0], events: changed)
        verifier.take(chain.seals[1], records: chain.records[1], events: nil)
        #expect(verifier.findings == [.eventsChanged(seal: 1)])
        #expect(verifier.events == (1, 1))
    }

    @Test("what the context of a request says, as JSON")
    func context() {
        let context = AuditContext(
            kind: .key, subject: "key:x", tenant: 3, tenantName: "acme", address: "1.2.3.4:5",
            agent: String(repeating: "a", count: 300), operation: "putRole", requestID: "r", traceID: "t")
        #expect(context.json.contains(#""operation":"putRole""#) && context.json.utf8.count < 400)
        #expect(!context.isRecorded)
        context.noteRecorded()
        #expect(context.isRecorded && AuditContext.current == nil)
    }
}

extension NamedKeys {
    static func test(_ name: String, digit: String = "1") -> NamedKeys {
        // swift-format-ignore: NeverUseForceTry
        try! NamedKeys(text: "\(name):\(String(repeating: digit, count: 64))", noun: "audit key")
    }
}

extension AuditRecord {
    static func test(_ id: Int64, month: Int32) -> AuditRecord {
        AuditRecord(
            position: AuditPosition(epoch: 1, transaction: UInt64(id), id: id), at: id, month: month, tenant: 1,
            times: 1, actorKind: "token", actor: "ada", actorTenant: "acme", address: "192.0.2.1", agent: nil,
            operation: "putQueue", action: "queue.change", name: "q", outcome: "done", before: nil, after: "{}",
            requestID: "r", traceID: "t")
    }
}
