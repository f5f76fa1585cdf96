import Access
import Audit
import Foundation
import Logging
import PostgresStore
import Secrets
import TestSupport
import Testing

@testable import Server

@Suite("The sealer of the audit log", .timeLimit(.minutes(5)))
struct AuditSealerTests {
    @Test("makes its key, seals what was committed, exports heads by which the chain is found whole")
    func heads() async throws {
        let database = try await StoreDatabase.make()
        let folder = FileManager.default.temporaryDirectory.appending(path: "audit-\(UInt64.random(in: 0 ... .max))")
            .path
        try DurableFile.makeFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var source = AuditKeySource()
        source.keyFile = "\(folder)/audit.keys"
        source.makesKey = true
        source.headsFile = "\(folder)/heads.jsonl"
        source.headInterval = .zero
        let sealer = try AuditSealer(chain: database.store, source: source, logger: Logger(label: "test"))
        let keys = try #require(try source.keys())
        for number in 0..<3 {
            _ = try await database.store.ensureTenant(named: "tenant-\(number)")
            // Other databases of the cluster may hold the horizon back for a while.
            while try await database.store.unsealed(after: try await Self.last(database.store)?.through) > 0 {
                try await sealer.sealAll()
            }
        }
        let file = try #require(try DurableFile.read("\(folder)/heads.jsonl"))
        let heads = String(decoding: file, as: UTF8.self).split(separator: "\n").compactMap { AuditHead(line: "\($0)") }
        #expect(heads.count >= 2 && heads.last?.total == 3)
        let verifier = AuditVerifier(keys: keys, horizons: [], heads: heads)
        let (result, unsealed) = try await database.store.verify(verifier)
        #expect(result.findings.isEmpty && result.records == 3 && unsealed == 0)
        try await database.discard()
    }

    @Test("no key, no seals; a file that is named must be there")
    func keys() throws {
        #expect(try AuditKeySource().keys()?.currentID == nil)
        var source = AuditKeySource()
        source.keyFile = "/nowhere/audit.keys"
        #expect(throws: DurableFile.Failure.self) { try source.keys() }
        source.keyFile = nil
        source.keyText = "a1:short"
        let error = #expect(throws: SecretError.self) { try source.keys() }
        #expect(error?.description.contains("audit key") == true)
    }

    private static func last(_ store: PostgresStore) async throws -> AuditSeal? {
        try await store.seals(after: 0, limit: 100).last
    }
}
