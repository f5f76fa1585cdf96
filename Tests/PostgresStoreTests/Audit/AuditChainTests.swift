import Access
import Audit
import Engine
import Postgres
import PostgresStore
import Secrets
import TestSupport
import Testing
import Workflows

@Suite("PostgresStore: the audit log and its chain", .timeLimit(.minutes(5)))
struct AuditChainTests {
    /// A database with sealed records and one that administers it.
    struct Sealed {
        let database: StoreDatabase
        let keys: NamedKeys
        let tenant: Int32
        /// A superuser's connection, for which neither privileges nor triggers hold.
        let intruder: PostgresConnection

        var store: PostgresStore { database.store }

        /// Seals until no record is left. Transactions of other databases of the cluster hold the horizon back, too, so
        /// that may take several looks.
        @discardableResult
        func seal(limit: Int = 3) async throws -> [AuditSeal] {
            var made = try await sealOnce(limit: limit)
            while try await store.unsealed(after: try await last()?.through) > 0 {
                await Task.yield()
                made += try await sealOnce(limit: limit)
            }
            return made
        }

        func last() async throws -> AuditSeal? { try await store.seals(after: 0, limit: 1000).last }

        /// Seals what can be sealed now.
        @discardableResult
        func sealOnce(limit: Int = 3) async throws -> [AuditSeal] {
            var made: [AuditSeal] = []
            while true {
                let sealing = try await store.seal(limit: limit, eventsAfter: .zero) { [keys] in
                    AuditSeal($0, events: $1, after: $2, at: $3, under: keys)
                }
                guard case .sealed(let seal, let isFull) = sealing else { return made }
                made.append(seal)
                if !isFull { return made }
            }
        }

        func verify(heads: [AuditHead] = []) async throws -> (result: AuditVerifier, unsealed: Int64) {
            try await store.verify(AuditVerifier(keys: keys, horizons: try await store.horizons(), heads: heads))
        }

        func findings(heads: [AuditHead] = []) async throws -> [AuditFinding] {
            try await verify(heads: heads).result.findings
        }

        /// What an intruder does who is the database's superuser.
        func tamper(_ sql: String) async throws {
            try await intruder.run(script: "SET session_replication_role = replica; \(sql)")
        }
    }

    private static func with(_ body: (Sealed) async throws -> Void) async throws {
        let database = try await StoreDatabase.make()
        let tenant = try await database.store.ensureTenant(named: "acme")
        let keys = try NamedKeys(text: "a1:" + String(repeating: "5", count: 64))
        let sealed = Sealed(
            database: database, keys: keys, tenant: tenant.value, intruder: try await database.connect())
        try await body(sealed)
        await sealed.intruder.close()
        try await database.discard()
    }

    private static func changes(_ sealed: Sealed, _ names: ClosedRange<Int>) async throws {
        for number in names {
            try await sealed.store.putRole(
                CustomRole(name: "r\(number)", permissions: Permissions([.readRuns])), tenant: sealed.tenant)
        }
    }

    private static func context(_ subject: String = "ada") -> AuditContext {
        AuditContext(
            kind: .token, subject: subject, tenant: 1, tenantName: "acme", address: "192.0.2.1:99", agent: "curl",
            operation: "putRole", requestID: "req-1", traceID: "trace-1")
    }

    @Test("a change is recorded with who asked for it, and what was before and after; one that fails leaves nothing")
    func records() async throws {
        try await Self.with { sealed in
            let context = Self.context()
            try await AuditContext.$current.withValue(context) {
                try await sealed.store.putRole(
                    CustomRole(name: "r", permissions: Permissions([.readRuns])), tenant: sealed.tenant)
                try await sealed.store.putRole(
                    CustomRole(name: "r", permissions: Permissions([.readLogs])), tenant: sealed.tenant)
                await #expect(throws: StoreError.self) {
                    try await sealed.store.putRole(CustomRole(name: "r", permissions: []), tenant: 999)
                }
            }
            #expect(context.isRecorded)
            // The connection that was used carries nothing over.
            #expect(try await sealed.store.deleteRole("r", tenant: sealed.tenant))
            var query = AuditQuery(limit: 10)
            query.action = "role.*"
            let found = try await sealed.store.records(query, tenant: sealed.tenant)
            #expect(found.map(\.action) == ["role.delete", "role.change", "role.create"])
            let change = found[1]
            #expect(change.actor == "ada" && change.actorKind == "token" && change.actorTenant == "acme")
            #expect(change.address == "192.0.2.1:99" && change.agent == "curl" && change.operation == "putRole")
            #expect(change.requestID == "req-1" && change.traceID == "trace-1" && change.name == "r")
            #expect(change.before == #"{"name": "r", "permissions": ["runs:read"]}"#)
            #expect(change.after == #"{"name": "r", "permissions": ["logs:read"]}"#)
            #expect(found[0].actorKind == "database" && found[0].after == nil && found[0].requestID == nil)
            query.actor = "ada"
            query.limit = 1
            #expect(try await sealed.store.records(query, tenant: sealed.tenant).map(\.action) == ["role.change"])
            query.before = change.position.id
            #expect(try await sealed.store.records(query, tenant: sealed.tenant).map(\.action) == ["role.create"])
            #expect(try await sealed.store.records(query, tenant: sealed.tenant + 1).isEmpty)
        }
    }

    @Test("the owner can neither change nor delete a record, a seal or a mark")
    func appendOnly() async throws {
        try await Self.with { sealed in
            try await Self.changes(sealed, 1...2)
            try await sealed.seal()
            for table in ["audit", "audit_seals", "audit_default"] {
                for sql in ["DELETE FROM \(table)", "TRUNCATE \(table)"] {
                    await #expect(throws: PostgresError.self, "\(sql)") {
                        if table == "audit_default", sql.hasPrefix("DELETE") {
                            throw PostgresError(.misuse, reason: "")
                        }
                        try await sealed.intruder.run(script: sql)
                    }
                }
            }
            await #expect(throws: PostgresError.self) {
                try await sealed.intruder.run(script: "UPDATE audit SET actor = 'nobody'")
            }
            await #expect(throws: PostgresError.self) {
                try await sealed.intruder.run(script: "UPDATE audit_seals SET total = 0")
            }
            #expect(try await sealed.findings().isEmpty)
        }
    }

    @Test("each way of tampering is found")
    func tampering() async throws {
        let cases: [(sql: String, finds: (AuditFinding) -> Bool)] = [
            (
                "UPDATE audit SET actor = 'eve' WHERE id = 4",
                { if case .recordChanged(_, 4) = $0 { true } else { false } }
            ),
            ("DELETE FROM audit WHERE id = 4", { if case .recordsRemoved(_, 1) = $0 { true } else { false } }),
            (
                "INSERT INTO audit OVERRIDING SYSTEM VALUE SELECT (r).* FROM (SELECT jsonb_populate_record(a, '{\"id\":3000}') r FROM audit a WHERE id = 4) x",
                { if case .recordAdded(_, 3000) = $0 { true } else { false } }
            ),
            (
                """
                UPDATE audit SET xid = CASE id WHEN 4 THEN (SELECT xid FROM audit WHERE id = 5)
                    ELSE (SELECT xid FROM audit WHERE id = 4) END WHERE id IN (4, 5)
                """,
                { if case .recordChanged = $0 { true } else { false } }
            ),
            ("UPDATE audit_seals SET leaves = '' WHERE number = 2", { $0 == .sealForged(2) }),
            ("DELETE FROM audit_seals WHERE number = 2", { $0 == .sealMissing(2) }),
            (
                "DELETE FROM audit WHERE id > 5; DELETE FROM audit_seals WHERE number > 2",
                { if case .tailCut = $0 { true } else { false } }
            ),
            ("UPDATE audit_seals SET code = sha256(leaves)", { $0 == .chainRewritten(seal: 4) }),
            ("UPDATE events SET payload = '[]'", { if case .eventsChanged = $0 { true } else { false } }),
            ("DELETE FROM events", { if case .eventsChanged = $0 { true } else { false } }),
            (
                "INSERT INTO audit_horizons VALUES (now(), 209901, 'a1', '')",
                { $0 == .horizonForged(before: 209_901) }
            ),
        ]
        for (sql, finds) in cases {
            try await Self.with { sealed in
                // An event row beside the records, and so many records that there are four seals.
                try await Self.changes(sealed, 1...2)
                try await sealed.seal()
                _ = try await StoreFixture.make(on: sealed.store).startRun()
                try await Self.changes(sealed, 3...9)
                try await sealed.seal()
                let last = try #require(try await sealed.last())
                #expect(last.number >= 4)
                let heads = [4, last.number].map { number in number }
                let seals = try await sealed.store.seals(after: 0, limit: 100)
                let exported = heads.map { AuditHead(seals[Int($0) - 1], under: sealed.keys) }
                #expect(try await sealed.findings(heads: exported).isEmpty)
                try await sealed.tamper(sql)
                let found = try await sealed.findings(heads: exported)
                #expect(found.contains(where: finds), "\(sql): \(found)")
            }
        }
    }

    @Test("a record of a transaction that is still open is sealed after it has ended, and in its place")
    func openTransactions() async throws {
        try await Self.with { sealed in
            // Of another tenant: changes of access in one wait for each other.
            let other = try await sealed.store.ensureTenant(named: "other")
            let slow = try await sealed.database.connect()
            try await slow.run(script: "BEGIN; INSERT INTO roles VALUES (\(other.value), 'slow', '{}')")
            try await Self.changes(sealed, 1...1)
            // What comes after an open transaction waits for it.
            let early = try await sealed.sealOnce()
            #expect(early.allSatisfy { $0.total <= 2 })
            try await slow.run(script: "COMMIT")
            await slow.close()
            try await sealed.seal()
            #expect(try await sealed.last()?.total == 4)
            let (result, unsealed) = try await sealed.verify()
            #expect(result.findings.isEmpty && result.records == 4 && unsealed == 0)
        }
    }

    @Test("two sealers at once make one chain")
    func twoSealers() async throws {
        try await Self.with { sealed in
            try await Self.changes(sealed, 1...20)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await sealed.sealOnce(limit: 2) } }
                try await group.waitForAll()
            }
            try await sealed.seal(limit: 2)
            let (result, unsealed) = try await sealed.verify()
            #expect(result.findings.isEmpty && result.records == 21 && unsealed == 0)
        }
    }

    @Test("old months leave, and the chain is still followed; without a mark it is a deletion")
    func retention() async throws {
        try await Self.with { sealed in
            // Records of two old months, as they would have come then.
            try await sealed.intruder.run(
                script: """
                    CREATE TABLE audit_202001 PARTITION OF audit FOR VALUES FROM ('2020-01-01Z') TO ('2020-02-01Z');
                    CREATE TABLE audit_202002 PARTITION OF audit FOR VALUES FROM ('2020-02-01Z') TO ('2020-03-01Z');
                    INSERT INTO audit (xid, epoch, at, tenant, actor_kind, actor, action, outcome)
                    SELECT '0', 0, day, \(sealed.tenant), 'token', 'ada', 'x', 'done'
                    FROM unnest('{2020-01-30Z,2020-01-31Z,2020-02-01Z}'::timestamptz[]) day;
                    """)
            try await Self.changes(sealed, 1...2)
            try await sealed.seal(limit: 100)
            #expect(try await sealed.store.seals(after: 0, limit: 100).contains { $0.month == 202_001 })
            #expect(try await sealed.findings().isEmpty)
            try await sealed.store.maintainAudit(keepingMonths: 12) { [keys = sealed.keys] in
                AuditHorizon(before: $0, at: $1, under: keys)
            }
            let (result, _) = try await sealed.verify()
            #expect(result.findings.isEmpty && result.expired == 3 && result.records == 3)
            try await sealed.tamper("DELETE FROM audit_horizons")
            #expect(try await sealed.findings().count == 2)
        }
    }

    @Test("what somebody does to a run stands in the commit that does it; a run that lost its race leaves nothing")
    func runs() async throws {
        try await Self.with { sealed in
            let fixture = try await StoreFixture.make(on: sealed.store)
            let (key, _) = try await fixture.startRun()
            func batch(from revision: Int64) -> CommitBatch {
                var batch = fixture.makeBatch()
                batch.advances = [fixture.advance(key, from: revision)]
                batch.audit = [
                    AuditedChange(
                        key: key,
                        entry: AuditEntry(
                            context: Self.context(), tenant: key.tenant.value, action: "run.cancel", name: "\(key.run)",
                            before: #"{"state":"running"}"#, after: #"{"state":"cancelled"}"#))
                ]
                return batch
            }
            let lost = try await sealed.store.commit(batch(from: 7))
            #expect(lost.excluded[key] != nil)
            var query = AuditQuery(limit: 10)
            query.action = "run.cancel"
            #expect(try await sealed.store.records(query, tenant: key.tenant.value).isEmpty)
            _ = try await sealed.store.commit(batch(from: 1))
            let found = try await sealed.store.records(query, tenant: key.tenant.value)
            #expect(found.count == 1 && found.first?.actor == "ada" && found.first?.name == "\(key.run)")
            #expect(found.first?.after == #"{"state": "cancelled"}"#)
        }
    }
}
