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

    private func addSession(_ change: (inout SessionStanding) -> Void = { _ in }) -> SessionText {
        var generator = SystemRandomNumberGenerator()
        let text = SessionText(using: &generator)
        var standing = SessionStanding(
            id: text.id,
            signIn: SignIn(
                subject: "ada", tenant: "acme", roles: ["viewer", "release"], expiresAt: Fixture.now + 60, keyID: "k1"),
            endedAt: nil, standing: PrincipalStanding(tenant: 1, permissions: Permissions([.applyWorkflows])))
        change(&standing)
        directory.state.withLock { $0.sessions[text.digest] = standing }
        return text
    }

    @Test("sessions: taken by cookie alone; unknown, expired, ended, revoked, under a key that was taken away")
    func sessions() async throws {
        func code(_ text: String, now: Int64 = Fixture.now) async throws -> String? {
            do {
                _ = try await authenticator.authenticate(cookie: text, now: now)
                return nil
            } catch let error as TokenError {
                return error.code.rawValue
            } catch let error as TenantRefusal { return error.code }
        }
        let text = addSession()
        let identity = try await authenticator.authenticate(cookie: text.text, now: Fixture.now)
        #expect(identity.principal.kind == .session && identity.principal.tokenID == text.id)
        #expect(identity.principal.roles == [.viewer] && identity.principal.customRoles == ["release"])
        try authorize(identity.principal, .applyWorkflows)
        #expect(identity.signIn(expiresAt: .max) == nil)
        #expect(try await authenticator.stillStands(identity, now: Fixture.now))
        // Remembered by its cookie, it is nothing as a bearer token.
        #expect(try await self.code(text.text) == "token_malformed")
        #expect(try await code(text.text, now: Fixture.now + 60) == "session_expired")
        var generator = SystemRandomNumberGenerator()
        #expect(try await code(SessionText(using: &generator).text) == "session_unknown")
        #expect(try await code(fixture.token()) == "session_unknown")
        #expect(try await code(addSession { $0.endedAt = 1 }.text) == "session_ended")
        #expect(try await code(addSession { $0.standing.isRevoked = true }.text) == "session_ended")
        #expect(try await code(addSession { $0.signIn.keyID = "gone" }.text) == "session_ended")
        #expect(try await code(addSession { $0.signIn.keyID = nil }.text) == nil)
        #expect(try await code(addSession { $0.standing.isSuspended = true }.text) == "tenant_suspended")
        directory.state.withLock { $0.sessions[text.digest]?.endedAt = 1 }
        #expect(try await !authenticator.stillStands(identity, now: Fixture.now))
    }

    @Test("certificates: taken, revoked; a fingerprint, which is no secret, is no credential")
    func certificates() async throws {
        let certificate = ClientCertificate(
            uris: ["spiffe://t/tenant/acme/worker/w1"], fingerprint: "ab", expiresAt: Fixture.now + 60)
        let identity = try await authenticator.authenticate(certificate: certificate, now: Fixture.now)
        #expect(identity.tenant == 1 && identity.principal.roles == [.worker])
        #expect(try await authenticator.authenticate(certificate: certificate, now: Fixture.now) === identity)
        #expect(try await code("cert:ab") == "token_malformed")
        #expect(try await authenticator.stillStands(identity, now: Fixture.now))
        #expect(try await !authenticator.stillStands(identity, now: Fixture.now + 60))
        directory.state.withLock { $0.revoked = ["cert:ab"] }
        #expect(try await !authenticator.stillStands(identity, now: Fixture.now))
        authenticator.forget(tenant: 1)
        await #expect(throws: TokenError.self) {
            try await authenticator.authenticate(certificate: certificate, now: Fixture.now)
        }
    }

    @Test("a session comes from a token, and ends with it at the latest")
    func signIn() async throws {
        let identity = try await authenticator.authenticate(fixture.token(lifetime: 60), now: Fixture.now)
        let signIn = try #require(identity.signIn(expiresAt: .max))
        #expect(
            signIn
                == SignIn(
                    subject: "ada", tenant: "acme", roles: ["viewer"], expiresAt: Fixture.now + 60, tokenID: "t1",
                    keyID: "k1"))
        #expect(identity.signIn(expiresAt: Fixture.now + 5)?.expiresAt == Fixture.now + 5)
        #expect(try await authenticator.authenticate(addKey(), now: Fixture.now).signIn(expiresAt: .max) == nil)
    }
}
