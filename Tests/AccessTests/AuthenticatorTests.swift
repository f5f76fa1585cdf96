import Testing

@testable import Access

@Suite("Remembered tokens")
struct AuthenticatorTests {
    @Test("a remembered token is refused once it has expired")
    func expiry() throws {
        let fixture = try Fixture()
        let authenticator = Authenticator(fixture.verifier)
        let token = try fixture.token(lifetime: 60)
        let first = try authenticator.authenticate(token, now: Fixture.now)
        #expect(try authenticator.authenticate(token, now: Fixture.now + 59) == first)
        #expect(authenticator.count == 1)
        #expect(throws: TokenError.self) { try authenticator.authenticate(token, now: Fixture.now + 91) }
    }

    @Test("refused tokens are not remembered, and taken ones only so many")
    func bounded() throws {
        let fixture = try Fixture()
        let authenticator = Authenticator(fixture.verifier, capacity: 4)
        for index in 0..<50 {
            #expect(throws: TokenError.self) { try authenticator.authenticate("x\(index)", now: Fixture.now) }
            let token = try fixture.minter.mint(
                subject: "s\(index)", tenant: "acme", roles: [.viewer], lifetime: 60, now: Fixture.now, id: "\(index)")
            #expect(try authenticator.authenticate(token, now: Fixture.now).subject == "s\(index)")
        }
        #expect(authenticator.count <= 8)
    }
}
