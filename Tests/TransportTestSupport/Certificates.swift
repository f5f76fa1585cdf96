import Foundation
package import TLS

/// An authority, a server's and a client's certificate, made by openssl for the length of a test.
package struct Certificates: Sendable {
    private let folder: TemporaryFolder

    package var authority: TLSMaterial { .file(folder.path + "/ca.pem") }
    package var authorityPath: String { folder.path + "/ca.pem" }
    package var server: TLSMaterial { .file(folder.path + "/server.pem") }
    package var serverKey: TLSMaterial { .file(folder.path + "/server.key") }
    package var client: TLSMaterial { .file(folder.path + "/client.pem") }
    package var clientKey: TLSMaterial { .file(folder.path + "/client.key") }
    package var other: TLSMaterial { .file(folder.path + "/other.pem") }

    package static func make() async throws -> Certificates {
        let folder = try TemporaryFolder()
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        func key(_ name: String) -> [String] { ["-keyout", "\(folder.path)/\(name).key"] }
        func out(_ name: String) -> [String] { ["-out", "\(folder.path)/\(name).pem"] }
        for (name, subject) in [("ca", "/CN=Test authority"), ("other", "/CN=Other authority")] {
            try await openssl(["req", "-x509", "-days", "2", "-subj", subject] + curve + key(name) + out(name))
        }
        let signed = ["-CA", "\(folder.path)/ca.pem", "-CAkey", "\(folder.path)/ca.key", "-days", "2"]
        try await openssl(
            ["req", "-x509", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"] + curve
                + signed + key("server") + out("server"))
        try await openssl(
            ["req", "-x509", "-subj", "/O=Beamline/CN=worker-1", "-addext", "basicConstraints=critical,CA:FALSE"]
                + curve + signed
                + key("client") + out("client"))
        return Certificates(folder: folder)
    }

    private static func openssl(_ arguments: [String]) async throws {
        let result = try await Tool.run(["openssl"] + arguments)
        guard result.status == 0 else { throw ToolFailure(output: result.output) }
    }

    package func serverContext(_ change: (inout TLSConfiguration) -> Void = { _ in }) throws -> TLSContext {
        var configuration = TLSConfiguration.server(certificateChain: server, privateKey: serverKey)
        change(&configuration)
        return try TLSContext(.server, configuration)
    }

    package func clientContext(_ change: (inout TLSConfiguration) -> Void = { _ in }) throws -> TLSContext {
        var configuration = TLSConfiguration.client(trustRoots: authority)
        change(&configuration)
        return try TLSContext(.client, configuration)
    }
}
