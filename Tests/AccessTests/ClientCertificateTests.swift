import Testing

@testable import Access

@Suite("Workers by certificate")
struct ClientCertificateTests {
    private func certificate(_ uris: String..., expiresAt: Int64 = Fixture.now + 100) -> ClientCertificate {
        ClientCertificate(uris: uris, fingerprint: "ab12", expiresAt: expiresAt)
    }

    private func code(_ certificate: ClientCertificate) -> TokenError.Code? {
        do {
            _ = try certificate.principal(now: Fixture.now)
            return nil
        } catch { return error.code }
    }

    @Test("the name says which tenant's which worker it is, and the role is a worker's alone")
    func named() throws {
        let principal = try certificate("https://x.test", "spiffe://beamline.test/tenant/acme/worker/eu-1.a_B")
            .principal(
                now: Fixture.now)
        #expect(principal.tenant == "acme" && principal.subject == "worker:eu-1.a_B" && principal.roles == [.worker])
        #expect(principal.certifiedWorker == "eu-1.a_B" && principal.expiresAt == Fixture.now + 100)
        #expect(principal.tokenID == "cert:ab12")
    }

    @Test(
        "names that are none",
        arguments: [
            "spiffe://t/tenant/acme/worker/", "spiffe://t/tenant/acme/worker/a/b", "spiffe:///tenant/acme/worker/a",
            "spiffe://t/tenant/ACME/worker/a", "spiffe://t/tenant//worker/a", "spiffe://t/tenant/acme/role/a",
            "http://t/tenant/acme/worker/a", "spiffe://t/tenant/acme/worker/a%2Fb", "spiffe://t/x/tenant/acme/worker/a",
            "spiffe://t/tenant/acme/worker/\(String(repeating: "a", count: 201))", "",
        ])
    func unnamed(uri: String) { #expect(code(certificate(uri)) == .certificateName) }

    @Test("no name, two names, and a certificate that has expired")
    func refused() {
        #expect(code(certificate()) == .certificateName)
        #expect(code(certificate("spiffe://t/tenant/a/worker/a", "spiffe://t/tenant/b/worker/a")) == .certificateName)
        #expect(
            code(certificate("spiffe://t/tenant/a/worker/a", expiresAt: Fixture.now)) == .certificateExpired)
    }
}
