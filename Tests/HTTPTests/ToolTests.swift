import HTTP
import NIOCore
import TLS
import Testing
import TransportTestSupport

@Suite("Other people's clients", .timeLimit(.minutes(1)))
struct ToolTests {
    private func url(_ address: HTTPAddress, tls: Bool = false) -> String {
        "\(tls ? "https://localhost" : "http://127.0.0.1"):\(address.port ?? 0)"
    }

    @Test("curl", arguments: ["--http1.0", "--http1.1", "--http2-prior-knowledge"])
    func curl(_ version: String) async throws {
        try await withServer(handler: echo) { _, address in
            let body = String(repeating: "x", count: 200_000)
            let folder = try TemporaryFolder()
            try folder.write(body, to: "body")
            let result = try await Tool.run([
                "curl", "-sS", version, "--max-time", "20", "--data-binary", "@\(folder.path)/body",
                url(address) + "/echo",
            ])
            #expect(result.status == 0 && result.output == body, "\(result.output.prefix(200))")
        }
    }

    @Test("curl over TLS", arguments: [("--http1.1", "1.1"), ("--http2", "2")])
    func curlTLS(_ version: String, _ spoken: String) async throws {
        let certificates = try await Certificates.make()
        try await withServer(tls: try certificates.serverContext(), handler: echo) { _, address in
            let result = try await Tool.run([
                "curl", "-sS", version, "--max-time", "20", "--cacert", certificates.authorityPath, "-w",
                " %{http_version} %{ssl_verify_result}", url(address, tls: true) + "/",
            ])
            #expect(result.output == "hello \(spoken) 0")
        }
    }

    @Test func tls12IsTheOldest() async throws {
        let certificates = try await Certificates.make()
        try await withServer(tls: try certificates.serverContext(), handler: echo) { server, address in
            let base = [
                "curl", "-sS", "--max-time", "20", "--cacert", certificates.authorityPath, url(address, tls: true),
            ]
            let modern = try await Tool.run(base + ["--tlsv1.2", "--tls-max", "1.2"])
            let old = try await Tool.run(base + ["--tlsv1.0", "--tls-max", "1.1"])
            #expect(modern.output == "hello" && old.status != 0)
        }
    }

    @Test("nghttp reads many streams with small windows", arguments: [false, true])
    func nghttp(_ tls: Bool) async throws {
        let certificates = try await Certificates.make()
        let handler: HTTPHandler = { _ in
            HTTPResponse(status: 200, body: .bytes(ByteBuffer(repeating: 65, count: 300_000)))
        }
        try await withServer(tls: tls ? try certificates.serverContext() : nil, handler: handler) { server, address in
            let result = try await Tool.run([
                "nghttp", "-n", "-s", "-m", "20", "-w", "14", "-W", "16", "-t", "20", "--no-dep",
                url(address, tls: tls) + "/",
            ])
            #expect(result.status == 0, "\(result.output)")
            #expect(server.metrics.responses(class: 2) == 20)
        }
    }

    @Test("h2load", arguments: [["-m", "50"], ["--h1", "-m", "1"]])
    func h2load(_ options: [String]) async throws {
        try await withServer(handler: echo) { server, address in
            let result = try await Tool.run(["h2load", "-n", "2000", "-c", "8"] + options + [url(address) + "/"])
            #expect(result.output.contains("2000 succeeded, 0 failed, 0 errored"), "\(result.output)")
            #expect(server.metrics.responses(class: 2) == 2_000)
        }
    }

    @Test func ownClientOverTLS() async throws {
        let certificates = try await Certificates.make()
        let server = try certificates.serverContext {
            $0.trustRoots = certificates.authority
            $0.clientVerification = .optional
        }
        let client = try certificates.clientContext {
            $0.certificateChain = certificates.client
            $0.privateKey = certificates.clientKey
        }
        let handler: HTTPHandler = { request in .text(request.tls?.peerCertificate?.commonName ?? "nobody") }
        try await withServer(tls: server, handler: handler) { _, address in
            let connection = try await HTTP2Connection.connect(
                to: address, tls: client, serverName: "localhost", logger: quiet)
            let stream = connection.request(HTTPClientRequest(path: "/"))
            _ = try await stream.response()
            #expect(try await String(buffer: stream.body.collect(upTo: 99)) == "worker-1")
            await connection.close()
            await #expect(throws: (any Error).self) {
                try await HTTP2Connection.connect(to: address, tls: client, serverName: "example.org", logger: quiet)
            }
        }
    }

    @Test func renewedCertificatesNeedNoRestart() async throws {
        let first = try await Certificates.make()
        let second = try await Certificates.make()
        try await withServer(tls: try first.serverContext(), handler: echo) { server, address in
            func reach(_ roots: String) async throws -> Int32 {
                try await Tool.run(["curl", "-sS", "--max-time", "20", "--cacert", roots, url(address, tls: true)])
                    .status
            }
            let before = try await reach(first.authorityPath)
            server.replaceTLS(try second.serverContext())
            let after = (try await reach(first.authorityPath), try await reach(second.authorityPath))
            #expect(before == 0 && after.0 != 0 && after.1 == 0)
        }
    }
}
