import Synchronization
import Testing

@testable import Access

@Suite("Remembered tokens and keys")
struct AuthenticatorTests {
    private let fixture: Fixture
    private let directory = TestDirectory()
    private let authenticator: Authenticator

    init() throws {
        fixture = try Fixture()
        authenticator = Authenticator(fixture.verifier, directory: directory, capacity: 4)
    }

    private func code(_ credential: String, now: Int64 = Fixture.now) async throws -> String? {
        do {
            _ = try await authenticator.authenticate(credential, now: now)
            return nil
        } catch let error as TokenError {
            return error.code.rawValue
        } catch let error as TenantRefusal { return error.code }
    }

    private func addKey(
        roles: [String] = ["operator"], expiresAt: Int64? = nil, grants: [Grant] = []
    ) -> String {
        var generator = SystemRandomNumberGenerator()
        let text = APIKeyText(using: &generator)
        let key = APIKey(
            id: text.id, name: "ci", roles: roles, grants: [], createdBy: "ada", createdAt: 0,
            expiresAt: expiresAt, lastUsedAt: nil, revokedAt: nil)
        directory.state.withLock {
            $0.keys[text.digest] = KeyStanding(
                key: key, tenantName: "acme", standing: PrincipalStanding(tenant: 1, grants: grants))
        }
        return text.text
    }

    @Test("what is remembered is not asked for again, and is refused once it has expired")
    func expiry() async throws {
        let token = try fixture.token(lifetime: 60)
        let first = try await authenticator.authenticate(token, now: Fixture.now)
        #expect(try await authenticator.authenticate(token, now: Fixture.now + 59) === first)
        #expect(authenticator.count == 1)
        #expect(directory.state.withLock { $0.questions } == 1)
        #expect(try await code(token, now: Fixture.now + 91) == "token_expired")
    }

    @Test("refused tokens are not remembered, and taken ones only so many")
    func bounded() async throws {
        for index in 0..<50 {
            #expect(try await code("x\(index)") == "token_malformed")
            let token = try fixture.minter.mint(
                subject: "s\(index)", tenant: "acme", roles: [.viewer], lifetime: 60, now: Fixture.now, id: "\(index)")
            #expect(try await authenticator.authenticate(token, now: Fixture.now).principal.subject == "s\(index)")
        }
        #expect(authenticator.count <= 8)
    }

    @Test("what the tenant's administrators say counts: custom roles, grants, suspension, revocation, no tenant")
    func standing() async throws {
        directory.state.withLock {
            $0.permissions = Permissions([.applyWorkflows])
            $0.grants = [Grant(Permissions([.startRuns]), on: .workflow("w"))]
        }
        let principal = try await authenticator.authenticate(fixture.token(), now: Fixture.now).principal
        try authorize(principal, .applyWorkflows)
        try authorize(principal, .readRuns)
        try authorize(principal, .startRuns, .workflow("w"))
        #expect(throws: Denial.self) { try authorize(principal, .startRuns, .workflow("v")) }
        authenticator.forget(tenant: nil)
        directory.state.withLock { $0.revoked = ["t1"] }
        #expect(try await code(try fixture.token()) == "token_revoked")
        directory.state.withLock { $0.suspended = ["acme"] }
        #expect(try await code(try fixture.token()) == "tenant_suspended")
        directory.state.withLock { $0.tenants = [:] }
        #expect(try await code(try fixture.token()) == "tenant_not_found")
    }

    @Test("keys: taken, unknown, expired, revoked, and of another form")
    func keys() async throws {
        let text = addKey(
            expiresAt: Fixture.now + 10, grants: [Grant(Permissions([.writeSecrets]), on: .namespace("ci"))])
        let identity = try await authenticator.authenticate(text, now: Fixture.now)
        #expect(identity.principal.subject == "key:\(text.prefix(12))" && identity.principal.roles == [.operator])
        try authorize(identity.principal, .writeSecrets, .secret("ci/token"))
        #expect(authenticator.takeUses() == [String(text.prefix(12)): Fixture.now])
        #expect(authenticator.takeUses().isEmpty)
        _ = try await authenticator.authenticate(text, now: Fixture.now + 5)
        #expect(authenticator.takeUses() == [String(text.prefix(12)): Fixture.now + 5])
        #expect(try await code(text, now: Fixture.now + 10) == "key_expired")
        directory.state.withLock { state in
            for digest in state.keys.keys { state.keys[digest]?.key.revokedAt = 1 }
        }
        // Remembered still: forgetting is what a change in the tenant does.
        #expect(try await code(text) == nil)
        authenticator.forget(tenant: 2)
        #expect(try await code(text) == nil)
        authenticator.forget(tenant: 1)
        #expect(try await code(text) == "key_revoked")
        var generator = SystemRandomNumberGenerator()
        #expect(try await code(APIKeyText(using: &generator).text) == "key_unknown")
        for broken in [
            "blk_", "\(text)0", String(text.dropLast()), text.uppercased(), text.replacing("blk_", with: "blk-"),
        ] {
            #expect(try await code(broken) == "token_malformed")
        }
        #expect(try await code(String(repeating: "a", count: 10_240)) == "token_too_large")
    }

    @Test("an answer that a change overtook is not remembered")
    func overtaken() async throws {
        directory.state.withLock { $0.meanwhile = { [authenticator] in authenticator.forget(tenant: 1) } }
        #expect(try await code(try fixture.token()) == nil)
        #expect(authenticator.count == 0)
        directory.state.withLock { $0.meanwhile = nil }
        #expect(try await code(try fixture.token()) == nil)
        #expect(authenticator.count == 1)
    }

    @Test("an open stream's identity stands until something about it changes")
    func stillStands() async throws {
        let identity = try await authenticator.authenticate(fixture.token(lifetime: 60), now: Fixture.now)
        func stands(at now: Int64 = Fixture.now) async throws -> Bool {
            try await authenticator.stillStands(identity, now: now)
        }
        #expect(try await stands())
        #expect(try await !stands(at: Fixture.now + 60))
        directory.state.withLock { $0.grants = [Grant(Permissions([.startRuns]), on: .workflow("w"))] }
        #expect(try await !stands())
        directory.state.withLock { ($0.grants, $0.suspended) = ([], ["acme"]) }
        #expect(try await !stands())
        directory.state.withLock { ($0.suspended, $0.revoked) = ([], ["t1"]) }
        #expect(try await !stands())
    }
}
