import ArgumentParser
import Audit
import Postgres
import PostgresStore
import Server

extension AuditCommand {
    /// `beamline audit verify`: asks the database itself, because an auditor need not believe a server.
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Follow the audit log's chain from its first seal and say what does not fit.",
            discussion: """
                Reads the database directly and changes nothing. Finds records that were changed, added, removed or put \
                elsewhere, and seals that were; with the exported heads also a chain whose end was cut off or that was \
                written anew. Exits with 1 when something is found.
                """)

        @OptionGroup var database: DatabaseOptions
        @OptionGroup var audit: AuditKeyOptions

        func run() async throws {
            let source = audit.source()
            guard let keys = try source.keys() else {
                throw CommandFailure(
                    .invalid, "error: no audit key is named\n  Give --audit-key-file, or set BEAMLINE_AUDIT_KEY_FILE.")
            }
            let heads = try source.headsFile.map { try Self.heads($0) } ?? []
            let store: PostgresStore
            do {
                store = try await PostgresStore.open(
                    .init(postgres: PostgresConnection.Options(try database.require()), lanes: 1, readers: 1))
            } catch {
                throw CommandFailure(.unreachable, "error: PostgreSQL: \(error)")
            }
            let (result, unsealed): (AuditVerifier, Int64)
            do {
                let verifier = AuditVerifier(keys: keys, horizons: try await store.horizons(), heads: heads)
                (result, unsealed) = try await store.verify(verifier)
            } catch {
                await store.close()
                throw CommandFailure(.unreachable, "error: PostgreSQL: \(error)")
            }
            await store.close()
            print(
                """
                \(result.seals) seals and \(result.records) records are as they were sealed; \(unsealed) records wait \
                for a seal, \(result.expired) have left with their months.
                Events: those of \(result.events.checked) seals compared, of \(result.events.gone) no longer kept.
                Heads: \(heads.count) compared\(heads.isEmpty ? "; without them a cut tail cannot be seen" : "").
                """)
            guard !result.findings.isEmpty else { return }
            throw CommandFailure(
                .failed, result.findings.map { "error: \($0)" }.joined(separator: "\n"))
        }

        private static func heads(_ file: String) throws -> [AuditHead] {
            let bytes: [UInt8]
            do {
                bytes = try FileContents.read(file, limit: 64 << 20)
            } catch { throw CommandFailure(.invalid, "error: \(error)") }
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            return try lines.enumerated().map { number, line in
                guard let head = AuditHead(line: String(line)) else {
                    throw CommandFailure(.invalid, "error: \(file):\(number + 1): that is no head of an audit log")
                }
                return head
            }
        }
    }
}
