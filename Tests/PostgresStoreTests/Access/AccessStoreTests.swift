import Access
import Engine
import Postgres
import PostgresStore
import Secrets
import TestSupport
import Testing
import Workflows

@Suite("PostgresStore: who may do what", .timeLimit(.minutes(5)))
struct AccessStoreTests {
    private static func principal(
        _ subject: String = "ada", tenant: String = "acme", custom: [String] = [], id: String? = "t1"
    ) -> Principal {
        Principal(subject: subject, tenant: tenant, roles: [.viewer], customRoles: custom, expiresAt: .max, tokenID: id)
    }

    private static func with(_ body: (StoreDatabase, PostgresStore, Int32) async throws -> Void) async throws {
        let database = try await StoreDatabase.make()
        let tenant = try await database.store.ensureTenant(named: "acme")
        _ = try await database.store.ensureTenant(named: "other")
        try await body(database, database.store, tenant.value)
        try await database.discard()
    }

    private static func newKey(_ name: String = "ci", grants: [NamedGrant] = []) -> (NewAPIKey, APIKeyText) {
        var generator = SystemRandomNumberGenerator()
        let text = APIKeyText(using: &generator)
        let key = NewAPIKey(
            text, name: name, roles: ["operator", "release"], grants: grants, createdBy: "ada", expiresAt: 4_000_000_000
        )
        return (key, text)
    }

    @Test("a key is found by its digest with what its roles and grants allow; its text stands nowhere")
    func keys() async throws {
        try await Self.with { database, store, tenant in
            try await store.putRole(
                CustomRole(name: "release", permissions: Permissions([.applyWorkflows])), tenant: tenant)
            let grant = NamedGrant(role: "admin", target: .namespace("ci"))
            let (new, text) = Self.newKey(grants: [grant])
            let made = try #require(try await store.addKey(new, tenant: tenant))
            #expect(made.name == "ci" && made.grants == [grant] && made.expiresAt == 4_000_000_000)
            // The same beginning again is refused, not mixed up.
            #expect(try await store.addKey(new, tenant: tenant) == nil)
            let found = try #require(try await store.key(digest: text.digest))
            #expect(found.tenantName == "acme" && found.standing.tenant == tenant)
            #expect(found.standing.permissions == Permissions([.applyWorkflows]))
            #expect(found.standing.grants == [Grant(Role.admin.permissions, on: .namespace("ci"))])
            #expect(try await store.keys(tenant: tenant) == [made])
            #expect(try await store.keys(tenant: tenant + 1).isEmpty)
            #expect(try await store.revokeKey(new.id, by: "bob", tenant: tenant + 1) == nil)
            try await store.noteUse(of: [new.id: 1_900_000_000])
            try await store.noteUse(of: [new.id: 1_800_000_000])
            #expect(try await store.keys(tenant: tenant)[0].lastUsedAt == 1_900_000_000)
            let revoked = try #require(try await store.revokeKey(new.id, by: "bob", tenant: tenant))
            #expect(revoked.revokedAt != nil)
            #expect(try await store.revokeKey(new.id, by: "eve", tenant: tenant)?.revokedAt == revoked.revokedAt)
            #expect(try await store.key(digest: text.digest)?.key.revokedAt == revoked.revokedAt)
            let connection = try await database.connect()
            let rows = try await connection.query("SELECT row_to_json(k)::text FROM api_keys k")
            #expect(try !rows[0].decode(0, as: String.self).contains(text.text.dropFirst(14)))
            await connection.close()
        }
    }

    @Test("a token's standing: its tenant, custom roles, grants, revocation, suspension")
    func standing() async throws {
        try await Self.with { _, store, tenant in
            #expect(try await store.standing(of: Self.principal(tenant: "ghost")) == nil)
            #expect(try await store.standing(of: Self.principal()) == PrincipalStanding(tenant: tenant))
            try await store.putRole(
                CustomRole(name: "release", permissions: Permissions([.applyWorkflows])), tenant: tenant)
            let grants = [
                SubjectGrant(subject: "ada", grant: NamedGrant(role: "operator", target: .workflow("w"))),
                SubjectGrant(subject: "ada", grant: NamedGrant(role: "release", target: .namespace("n"))),
                SubjectGrant(subject: "ada", grant: NamedGrant(role: "unknown", target: .queue("q"))),
                SubjectGrant(subject: "key:x", grant: NamedGrant(role: "admin", target: .secret("s"))),
            ]
            for grant in grants { try await store.addGrant(grant, tenant: tenant) }
            #expect(try await store.grants(tenant: tenant) == grants)
            let known = try #require(try await store.standing(of: Self.principal(custom: ["release", "unknown"])))
            #expect(known.permissions == Permissions([.applyWorkflows]))
            #expect(
                Set(known.grants) == [
                    Grant(Role.operator.permissions, on: .workflow("w")),
                    Grant(Permissions([.applyWorkflows]), on: .namespace("n")), Grant([], on: .queue("q")),
                ])
            // A token whose subject is written like a key's gets nothing of the key's.
            #expect(try await store.standing(of: Self.principal("key:x"))?.grants == [])
            // The other tenant has none of this.
            let other = try await store.standing(of: Self.principal(tenant: "other", custom: ["release"]))
            #expect(other?.permissions == [] && other?.grants == [])
            try await store.revokeToken("t1", expiresAt: 4_000_000_000, by: "bob", tenant: tenant)
            #expect(try await store.standing(of: Self.principal())?.isRevoked == true)
            #expect(try await store.standing(of: Self.principal(id: nil))?.isRevoked == false)
            #expect(try await store.standing(of: Self.principal(tenant: "other"))?.isRevoked == false)
            #expect(try await store.setSuspended(true, tenant: "acme"))
            #expect(try await !store.setSuspended(true, tenant: "ghost"))
            #expect(try await store.standing(of: Self.principal())?.isSuspended == true)
            #expect(try await store.tenants().map { $0.suspendedAt != nil } == [true, false])
        }
    }

    @Test("each change moves the epoch of its tenant alone; what changes nothing does not")
    func epochs() async throws {
        try await Self.with { _, store, tenant in
            var last: Int64 = 0
            func moved() async throws -> Bool {
                let epochs = try await store.accessEpochs(recent: true)
                #expect(try await store.accessEpochs(recent: false) == epochs)
                #expect(epochs.keys.allSatisfy { $0 == tenant })
                defer { last = epochs[tenant] ?? 0 }
                return epochs[tenant] ?? 0 > last
            }
            #expect(try await !moved())
            let (key, _) = Self.newKey()
            _ = try await store.addKey(key, tenant: tenant)
            #expect(try await !moved())
            try await store.noteUse(of: [key.id: 1])
            #expect(try await !moved())
            _ = try await store.revokeKey(key.id, by: "ada", tenant: tenant)
            #expect(try await moved())
            try await store.putRole(CustomRole(name: "r", permissions: []), tenant: tenant)
            #expect(try await moved())
            #expect(try await store.deleteRole("r", tenant: tenant))
            #expect(try await moved())
            #expect(try await !store.deleteRole("r", tenant: tenant))
            #expect(try await !moved())
            let grant = SubjectGrant(subject: "ada", grant: NamedGrant(role: "admin", target: .secret("s")))
            try await store.addGrant(grant, tenant: tenant)
            #expect(try await moved())
            try await store.addGrant(grant, tenant: tenant)
            #expect(try await !moved())
            #expect(try await store.removeGrant(grant, tenant: tenant))
            #expect(try await moved())
            #expect(try await !store.removeGrant(grant, tenant: tenant))
            try await store.revokeToken("t", expiresAt: 4_000_000_000, by: "ada", tenant: tenant)
            #expect(try await moved())
            for isSuspended in [true, false] {
                _ = try await store.setSuspended(isSuspended, tenant: "acme")
                #expect(try await moved())
            }
        }
    }

    @Test("secrets: stored, replaced, listed without values, found for rotation, replaced only where they still are")
    func secrets() async throws {
        try await Self.with { _, store, tenant in
            func sealed(_ byte: UInt8, _ key: String = "m1") -> SealedSecret {
                SealedSecret(keyID: key, wrapped: [byte], sealed: [byte, byte])
            }
            let first = try await store.putSecret("a", sealed(1), by: "ada", tenant: tenant)
            #expect(first.name == "a" && first.updatedBy == "ada" && first.updatedAt != nil)
            _ = try await store.putSecret("a", sealed(2), by: "bob", tenant: tenant)
            _ = try await store.putSecret("b", sealed(3), by: "bob", tenant: tenant + 1)
            #expect(try await store.secret("a", tenant: tenant) == sealed(2))
            #expect(try await store.secret("a", tenant: tenant + 1) == nil)
            #expect(try await store.secrets(tenant: tenant).map(\.updatedBy) == ["bob"])
            #expect(try await store.secretsNot(under: "m1", tenant: nil, limit: 10).isEmpty)
            let old = try await store.secretsNot(under: "m2", tenant: nil, limit: 10)
            #expect(old.map(\.name) == ["a", "b"])
            #expect(try await store.secretsNot(under: "m2", tenant: tenant, limit: 10).map(\.name) == ["a"])
            #expect(try await store.secretsNot(under: "m2", tenant: nil, limit: 1).count == 1)
            #expect(try await store.replaceSecret(old[0], with: sealed(4, "m2")))
            #expect(try await !store.replaceSecret(old[0], with: sealed(5, "m2")))
            #expect(try await store.secret("a", tenant: tenant) == sealed(4, "m2"))
            #expect(try await store.deleteSecret("a", tenant: tenant))
            #expect(try await !store.deleteSecret("a", tenant: tenant))
        }
    }

    @Test("a sign-in code is redeemed once, in its time, by digest alone")
    func signInCodes() async throws {
        try await Self.with { _, store, _ in
            let signIn = SignIn(
                subject: "ada", tenant: "acme", roles: ["viewer", "release"], expiresAt: 4_000_000_000, tokenID: "t1",
                keyID: "k1")
            try await store.addSignInCode(SignInCode.digest("a"), for: signIn, expiresAt: 4_000_000_000)
            try await store.addSignInCode(SignInCode.digest("b"), for: signIn, expiresAt: 1_000_000_000)
            #expect(try await store.redeemSignInCode(SignInCode.digest("x")) == nil)
            #expect(try await store.redeemSignInCode(SignInCode.digest("b")) == nil)
            // Of many at once one gets it.
            let redeemed = try await withThrowingTaskGroup(of: SignIn?.self) { group in
                for _ in 0..<8 { group.addTask { try await store.redeemSignInCode(SignInCode.digest("a")) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(redeemed.compactMap(\.self) == [signIn])
        }
    }

    @Test("a session stands until it is ended, its token is revoked, or it is revoked by its own id")
    func sessions() async throws {
        try await Self.with { database, store, tenant in
            var generator = SystemRandomNumberGenerator()
            let signIn = SignIn(
                subject: "ada", tenant: "acme", roles: ["viewer", "release"], expiresAt: 4_000_000_000, tokenID: "t1")
            try await store.putRole(
                CustomRole(name: "release", permissions: Permissions([.applyWorkflows])), tenant: tenant)
            try await store.addGrant(
                SubjectGrant(subject: "ada", grant: NamedGrant(role: "operator", target: .workflow("w"))),
                tenant: tenant)
            let texts = (0..<3).map { _ in SessionText(using: &generator) }
            for text in texts { #expect(try await store.addSession(text, for: signIn)) }
            #expect(try await store.session(digest: SessionText(using: &generator).digest) == nil)
            let known = try #require(try await store.session(digest: texts[0].digest))
            #expect(known.id == texts[0].id && known.signIn == signIn && known.endedAt == nil)
            #expect(
                known.standing
                    == PrincipalStanding(
                        tenant: tenant, permissions: Permissions([.applyWorkflows]),
                        grants: [Grant(Role.operator.permissions, on: .workflow("w"))]))
            func epoch() async throws -> Int64? { try await store.accessEpochs(recent: false)[tenant] }
            let before = try await epoch()
            try await store.endSession(digest: texts[0].digest)
            let ended = try await epoch()
            #expect(ended != before)
            try await store.endSession(digest: texts[0].digest)
            #expect(try await epoch() == ended)
            #expect(try await store.session(digest: texts[0].digest)?.endedAt != nil)
            try await store.revokeToken(texts[1].id, expiresAt: 4_000_000_000, by: "bob", tenant: tenant)
            #expect(try await store.session(digest: texts[1].digest)?.standing.isRevoked == true)
            #expect(try await store.session(digest: texts[2].digest)?.standing.isRevoked == false)
            try await store.revokeToken("t1", expiresAt: 4_000_000_000, by: "bob", tenant: tenant)
            #expect(try await store.session(digest: texts[2].digest)?.standing.isRevoked == true)
            // No session where there is no tenant to be in.
            var elsewhere = signIn
            elsewhere.tenant = "ghost"
            #expect(try await !store.addSession(SessionText(using: &generator), for: elsewhere))
            elsewhere.tenant = "other"
            #expect(try await store.setSuspended(true, tenant: "other"))
            #expect(try await !store.addSession(SessionText(using: &generator), for: elsewhere))
            let connection = try await database.connect()
            let rows = try await connection.query("SELECT row_to_json(s)::text FROM sign_in_sessions s")
            for row in rows { #expect(try !row.decode(0, as: String.self).contains("bls_")) }
            await connection.close()
        }
    }
}
