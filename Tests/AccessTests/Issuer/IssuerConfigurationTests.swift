import Access
import Testing

@Suite("The file of OpenID providers")
struct IssuerConfigurationTests {
    private static let least =
        #""name":"c","url":"https://a.test","audience":"b","tenant":{"name":"acme"},"roles":{"always":["viewer"]}"#

    private func read(_ issuers: String) throws -> [IssuerConfiguration] {
        try IssuerConfiguration.read(json: Array(#"{"issuers":[\#(issuers)]}"#.utf8))
    }

    @Test("the least, and everything")
    func good() throws {
        let least = try #require(try read("{\(Self.least)}").first)
        #expect(least.title == "c" && least.client == nil && least.mapping.subject == "sub")
        let full = try #require(
            try read(
                """
                {"name":"company","title":"Company","url":"https://login.test/realm","subject_claim":"email",
                 "tenant":{"claim":"org","map":{"Org":"acme"}},
                 "roles":{"claim":"groups","map":{"root":["platform-admin"]},"always":["viewer"]},
                 "certificate_authorities":"ca.pem",
                 "client":{"id":"x","secret_file":"s","scopes":["openid","groups"],"public_url":"https://b.test:8443/",
                           "lifetime_hours":8}}
                """
            ).first)
        #expect(full.mapping.tenant == .claim("org", map: ["Org": "acme"]))
        #expect(full.mapping.prefix == "company" && full.audience == nil)
        let client = try #require(full.client)
        #expect(client.lifetime == 8 * 3600 && client.scopes == ["openid", "groups"])
        #expect(client.redirectURL(issuer: "company") == "https://b.test:8443/v1/session/oidc/company/callback")
    }

    @Test("what is wrong is named with its place")
    func places() {
        func complaint(_ change: (String, String)...) -> String {
            var text = "{\(Self.least)}"
            for (old, new) in change { text = text.replacing(old, with: new) }
            do {
                _ = try read(text)
                return ""
            } catch { return "\(error)" }
        }
        let cases: [(String, String)] = [
            (complaint((#""name":"c""#, #""name":"C""#)), "issuers[0].name must"),
            (complaint((#""name":"c""#, #""name":"key""#)), "issuers[0].name must"),
            (complaint(("https://", "http://")), "issuers[0].url must"),
            (complaint(("https://a.test", "https://a.test?x")), "issuers[0].url must"),
            (complaint((#""audience":"b","#, "")), "issuers[0].audience is needed"),
            (complaint((#""audience""#, #""audiences""#)), "issuers[0].audiences is not known"),
            (complaint((#"{"name":"acme"}"#, "{}")), "issuers[0].tenant needs"),
            (complaint((#"{"name":"acme"}"#, #"{"name":"A B"}"#)), "issuers[0].tenant.name is not"),
            (complaint((#"{"name":"acme"}"#, #"{"claim":"o","map":{"x":"A B"}}"#)), "issuers[0].tenant.map.x is"),
            (complaint((#"["viewer"]"#, "[]")), "issuers[0].roles.always must"),
            (complaint((#"["viewer"]"#, #"["platform-admin"]"#)), "issuers[0].roles.always cannot"),
            (complaint((#"{"always":["viewer"]}"#, #"{"map":{"a":["viewer"]}}"#)), "issuers[0].roles needs"),
            (complaint((#""tenant""#, #""client":{"id":"x"},"tenant""#)), "issuers[0].client.public_url is missing"),
            (
                complaint((#""tenant""#, #""client":{"id":"x","public_url":"https://a.test/x"},"tenant""#)),
                "issuers[0].client.public_url must"
            ),
            (complaint(("}}", #"}},{\#(Self.least)}"#)), "issuers[1] has the name"),
        ]
        for (complaint, expected) in cases { #expect(complaint.hasPrefix(expected), "\(complaint) / \(expected)") }
        for text in ["", "[]", "{}", #"{"issuers":{}}"#, #"{"issuers":[7]}"#] {
            #expect(throws: IssuerConfigurationError.self) { try IssuerConfiguration.read(json: Array(text.utf8)) }
        }
    }
}
