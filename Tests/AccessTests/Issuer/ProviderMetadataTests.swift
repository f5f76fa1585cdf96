import Access
import Testing

@Suite("What a provider says of itself")
struct ProviderMetadataTests {
    private func read(_ text: String, issuer: String = "https://a.test") throws -> ProviderMetadata {
        try ProviderMetadata(json: Array(text.utf8), issuer: issuer)
    }

    @Test("the well-known place of an issuer, with and without a slash at the end")
    func place() {
        #expect(ProviderMetadata.url(of: "https://a.test") == "https://a.test/.well-known/openid-configuration")
        #expect(ProviderMetadata.url(of: "https://a.test/x/") == "https://a.test/x/.well-known/openid-configuration")
    }

    @Test("endpoints and how the client shows itself")
    func endpoints() throws {
        let full = try read(
            #"{"issuer":"https://a.test","jwks_uri":"https://a.test/k","authorization_endpoint":"https://b.test/a","token_endpoint":"https://a.test/t","token_endpoint_auth_methods_supported":["client_secret_post"]}"#
        )
        #expect(full.keysURL == "https://a.test/k" && full.authorizationURL == "https://b.test/a" && full.secretInBody)
        let least = try read(#"{"issuer":"https://a.test","jwks_uri":"http://127.0.0.1:9/k"}"#)
        #expect(least.authorizationURL == nil && !least.secretInBody)
    }

    @Test(
        "documents that are refused",
        arguments: [
            "", "[]", "{}", #"{"issuer":"https://a.test/","jwks_uri":"https://a.test/k"}"#,
            #"{"issuer":"https://a.test"}"#, #"{"issuer":"https://a.test","jwks_uri":"http://a.test/k"}"#,
            #"{"issuer":"https://a.test","jwks_uri":7}"#,
            #"{"issuer":"https://a.test","jwks_uri":"file:///etc/passwd"}"#,
            #"{"issuer":"https://a.test","jwks_uri":"https://a.test/k","token_endpoint":"http://10.0.0.1/t"}"#,
            #"{"issuer":"https://a.test","jwks_uri":"https://u:p@a.test/k"}"#,
            #"{"issuer":"https://a.test","jwks_uri":"http://127.0.0.1.evil.test/k"}"#,
        ])
    func refused(text: String) {
        #expect(throws: ProviderError.self) { try read(text) }
    }
}
