import Access
import Testing

@Suite("Dashboard sessions")
struct SessionTests {
    private var generator = SystemRandomNumberGenerator()

    @Test("a session's text has one form; its id and its CSRF token follow from it, and not it from them")
    func text() throws {
        var generator = generator
        let session = SessionText(using: &generator)
        let again = try #require(SessionText(session.text))
        #expect(again.id == session.id && again.csrfToken == session.csrfToken && again.digest == session.digest)
        #expect(session.id.hasPrefix("ses_") && session.csrfToken.count == 43)
        #expect(!session.text.contains(session.id.dropFirst(4)))
        let other = SessionText(using: &generator)
        #expect(other.id != session.id)
        #expect(session.accepts(csrfToken: session.csrfToken))
        for wrong in [other.csrfToken, "", String(session.csrfToken.dropLast()), session.text] {
            #expect(!session.accepts(csrfToken: wrong))
        }
        for broken in ["", "bls_", session.text + "0", String(session.text.dropLast()), session.text.uppercased()] {
            #expect(SessionText(broken) == nil)
        }
    }

    @Test("the cookie's attributes, over TLS and on plain loopback")
    func cookie() {
        #expect(
            SessionCookie.set("t", maxAge: 60, secure: true)
                == "__Host-beamline_session=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure")
        #expect(
            SessionCookie.clear(secure: false)
                == "beamline_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
    }

    @Test("the cookie is found by its exact name")
    func reading() {
        let cookies = ["a=b; beamline_session=plain; __Host-beamline_session=secure;x", "beamline_session=second"]
        #expect(SessionCookie.text(in: cookies, secure: false) == "plain")
        #expect(SessionCookie.text(in: cookies, secure: true) == "secure")
        #expect(SessionCookie.text(in: ["xbeamline_session=no", "beamline_session="], secure: false) == nil)
    }

    @Test("a sign-in's cookie is one provider's")
    func signInCookie() throws {
        var generator = generator
        let request = SignInRequest(using: &generator)
        let set = SignInCookie.set(request, provider: "company", secure: true)
        #expect(set.hasPrefix("__Host-beamline_sign_in=company.") && set.contains("; Max-Age=600; Secure"))
        let cookie = String(set.prefix { $0 != ";" })
        func found(_ provider: String, secure: Bool = true) -> String? {
            SignInCookie.request(in: ["x=y; \(cookie)"], provider: provider, secure: secure)?.secret
        }
        #expect(found("company") == request.secret)
        #expect(found("comp") == nil && found("other") == nil && found("company", secure: false) == nil)
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
