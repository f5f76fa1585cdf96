import TLS
import Testing
import TransportTestSupport

@Suite("Loading certificates and keys", .timeLimit(.minutes(1)))
struct TLSContextTests {
    private func refusal(_ role: TLSContext.Role, _ configuration: TLSConfiguration) -> TLSError? {
        do throws(TLSError) {
            _ = try TLSContext(role, configuration)
            return nil
        } catch {
            return error
        }
    }

    @Test func namesTheFileThatIsMissing() {
        let error = refusal(
            .server, .server(certificateChain: .file("/nowhere/cert.pem"), privateKey: .file("/nowhere/key.pem")))
        #expect(error?.kind == .configuration)
        #expect(error?.description == "/nowhere/cert.pem: No such file or directory")
    }

    @Test func namesWhatHoldsNoCertificate() throws {
        let folder = try TemporaryFolder()
        try folder.write("no certificate", to: "empty.pem")
        let path = folder.path + "/empty.pem"
        let error = refusal(.server, .server(certificateChain: .file(path), privateKey: .file(path)))
        #expect(error?.message == "\(path): holds no certificate")
        #expect(error?.details.isEmpty == false, "OpenSSL's own words are kept")
    }

    @Test func aKeyMustBelongToItsCertificate() async throws {
        let certificates = try await Certificates.make()
        let error = refusal(
            .server, .server(certificateChain: certificates.server, privateKey: certificates.clientKey))
        #expect(error?.message.contains("does not belong to the certificate") == true)
        #expect(
            refusal(.server, .server(certificateChain: certificates.server, privateKey: certificates.server)) != nil)
        #expect(refusal(.server, .client()) != nil, "a server needs a certificate")
    }

    @Test func verifyingClientsNeedsRoots() async throws {
        let certificates = try await Certificates.make()
        var configuration = TLSConfiguration.server(
            certificateChain: certificates.server, privateKey: certificates.serverKey)
        configuration.clientVerification = .required
        #expect(refusal(.server, configuration)?.kind == .configuration)
        configuration.trustRoots = certificates.authority
        #expect(refusal(.server, configuration) == nil)
    }

    @Test func aListOfRevokedCertificatesMustBeOne() async throws {
        let certificates = try await Certificates.make()
        try await certificates.writeRevocations(client: false)
        var configuration = TLSConfiguration.server(
            certificateChain: certificates.server, privateKey: certificates.serverKey)
        configuration.trustRoots = certificates.authority
        configuration.clientVerification = .required
        configuration.revocations = certificates.authority
        #expect(refusal(.server, configuration)?.message.hasSuffix("holds no list of revoked certificates") == true)
        configuration.revocations = .file(certificates.revocationsPath)
        #expect(refusal(.server, configuration) == nil)
    }

    @Test func hashesAsFIPSSays() {
        #expect(
            SHA256.hex(of: Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}
