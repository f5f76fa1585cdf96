import Access
import Testing

@Suite("Dashboard sessions")
struct SessionTests {
    private let principal = Principal(subject: "ada", tenant: "acme", roles: [.admin], expiresAt: 10_000)
    private var generator = SystemRandomNumberGenerator()

    @Test("a code works once, and for five minutes")
    func codes() {
        var generator = generator
        let codes = SignInCodes()
        let first = codes.issue(for: principal, now: 0, using: &generator)
        #expect(first.code.count == 32 && first.expiresAt == 300)
        #expect(codes.redeem(first.code, now: 299)?.subject == "ada")
        #expect(codes.redeem(first.code, now: 299) == nil)
        let second = codes.issue(for: principal, now: 0, using: &generator)
        #expect(codes.redeem(second.code, now: 300) == nil)
        #expect(codes.redeem(second.code, now: 1) == nil)
        #expect(codes.redeem("", now: 0) == nil)
    }

    @Test("a code never outlives the token that asked for it")
    func codeEndsWithToken() {
        var generator = generator
        #expect(SignInCodes().issue(for: principal, now: 9_990, using: &generator).expiresAt == 10_000)
    }

    @Test("the oldest codes are forgotten when there are too many")
    func bounded() {
        var generator = generator
        let codes = SignInCodes()
        let first = codes.issue(for: principal, now: 0, using: &generator).code
        let rest = (0..<1000).map { _ in codes.issue(for: principal, now: 0, using: &generator).code }
        #expect(codes.redeem(first, now: 0) == nil)
        #expect(codes.redeem(rest[0], now: 0) != nil)
    }

    @Test("the cookie's attributes, over TLS and on plain loopback")
    func cookie() {
        #expect(
            SessionCookie.set(token: "t", maxAge: 60, secure: true)
                == "__Host-beamline_session=t; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure")
        #expect(
            SessionCookie.clear(secure: false)
                == "beamline_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
    }

    @Test("the cookie is found by its exact name")
    func reading() {
        let cookies = ["a=b; beamline_session=plain; __Host-beamline_session=secure;x", "beamline_session=second"]
        #expect(SessionCookie.token(in: cookies, secure: false) == "plain")
        #expect(SessionCookie.token(in: cookies, secure: true) == "secure")
        #expect(SessionCookie.token(in: ["xbeamline_session=no", "beamline_session="], secure: false) == nil)
    }

    @Test("a browser changes things only from our own pages")
    func crossSite() {
        func allows(_ method: String, site: String? = nil, origin: String? = nil) -> Bool {
            CrossSiteCheck.allows(method: method, fetchSite: site, origin: origin, target: "http://127.0.0.1:8080")
        }
        #expect(allows("GET", site: "cross-site"))
        #expect(allows("POST", site: "same-origin"))
        #expect(allows("POST", site: "none"))
        #expect(allows("DELETE", origin: "http://127.0.0.1:8080"))
        #expect(!allows("POST", site: "same-site", origin: "http://127.0.0.1:8080"))
        #expect(!allows("POST", site: "cross-site"))
        #expect(!allows("POST", origin: "http://127.0.0.1:9090"))
        #expect(!allows("POST", origin: "null"))
        #expect(!allows("POST"))
    }
}
