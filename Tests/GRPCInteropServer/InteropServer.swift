import ArgumentParser
import Foundation
import GRPC
import HTTP
import Logging
import TLS

/// The public `grpc.testing.TestService`, against which other implementations of gRPC test themselves.
///
/// It prints its port when it is ready, and with `--tls` on a second line the file of its certificate.
@main
struct InteropServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grpc-interop-server", abstract: "Serves grpc.testing.TestService.")

    @Option(help: "The port; 0 lets the system choose.")
    var port = 0

    @Flag(help: "TLS with a self-signed certificate for localhost, made at the start.")
    var tls = false

    func run() async throws {
        var logger = Logger(label: "grpc-interop-server") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        var router = GRPCRouter<Void>(logger: logger) { _ in }
        TestService.add(to: &router)
        let health = GRPCHealth(serving: router.services)
        router.addHealth(health)
        router.addReflection()

        let certificate = tls ? try SelfSignedCertificate() : nil
        defer { certificate?.remove() }
        let services = router
        let server = HTTPServer(
            configuration: HTTPServer.Configuration(
                addresses: [.tcp(host: "127.0.0.1", port: port)], tls: try certificate?.context()), logger: logger
        ) { await services.respond(to: $0) }
        for address in try await server.bind() {
            print(address.port ?? 0)
        }
        if let certificate { print(certificate.path) }
        fflush(nil)
        try await server.run()
    }
}
