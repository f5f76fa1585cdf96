import Foundation
package import TLS

/// An authority, a server's and a client's certificate, made by openssl for the length of a test.
package struct Certificates: Sendable {
    private let folder: TemporaryFolder

    package var authority: TLSMaterial { .file(folder.path + "/ca.pem") }
    package var authorityPath: String { folder.path + "/ca.pem" }
    package var serverPaths: (certificate: String, key: String) {
        (folder.path + "/server.pem", folder.path + "/server.key")
    }
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
            ["req", "-x509", "-subj", "/O=Beamline/CN=worker-1", "-addext", "basicConstraints=critical,CA:FALSE"]
                + ["-addext", "subjectAltName=URI:spiffe://beamline.test/tenant/default/worker/worker-1,DNS:worker-1"]
                + curve + signed
                + key("client") + out("client"))
        let certificates = Certificates(folder: folder)
        try await certificates.renewServer()
        return certificates
    }

    /// A new key and certificate of the server's in the place of the old ones, the key first.
    package func renewServer() async throws {
        let path = folder.path
        try await Self.openssl(
            ["req", "-x509", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
                + ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
                + ["-CA", "\(path)/ca.pem", "-CAkey", "\(path)/ca.key"]
                + ["-keyout", "\(path)/next.key", "-out", "\(path)/next.pem"])
        for ending in ["key", "pem"] {
            guard unsafe rename("\(path)/next.\(ending)", "\(path)/server.\(ending)") == 0 else {
                throw ToolFailure(output: "a file cannot be renamed")
            }
        }
    }

    package var revocationsPath: String { folder.path + "/revoked.pem" }

    /// Writes the authority's list of revoked certificates, at once with its name.
    ///
    /// - Parameter client: Whether the client's certificate stands in it from now on.
    package func writeRevocations(client: Bool) async throws {
        let path = folder.path
        if !FileManager.default.fileExists(atPath: "\(path)/ca.conf") {
            try folder.write("", to: "index.txt")
            try folder.write("01\n", to: "crlnumber")
            try folder.write(
                """
                [ca]
                default_ca = list
                [list]
                database = \(path)/index.txt
                crlnumber = \(path)/crlnumber
                default_md = sha256
                default_crl_days = 2

                """, to: "ca.conf")
        }
        let authority = ["ca", "-config", "\(path)/ca.conf", "-keyfile", "\(path)/ca.key", "-cert", "\(path)/ca.pem"]
        if client { try await Self.openssl(authority + ["-revoke", "\(path)/client.pem"]) }
        try await Self.openssl(authority + ["-gencrl", "-out", "\(path)/next.crl"])
        guard unsafe rename("\(path)/next.crl", revocationsPath) == 0 else {
            throw ToolFailure(output: "the list cannot be put in place")
        }
    }

    /// SHA-256 of the client's certificate, in lower-case hex.
    package func clientFingerprint() async throws -> String {
        let result = try await Tool.run(
            ["openssl", "x509", "-in", "\(folder.path)/client.pem", "-noout", "-fingerprint", "-sha256"])
        guard result.status == 0, let equals = result.output.firstIndex(of: "=") else {
            throw ToolFailure(output: result.output)
        }
        return result.output[result.output.index(after: equals)...].filter { $0.isHexDigit }.lowercased()
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
