import HTTP
import Logging
import NIOCore
import NIOPosix
import TLS

/// A bare server for `Benchmarks/http.sh`: one loop, `/healthz` answers 98 octets of JSON.
/// Usage: http-bench-server PORT [CERTIFICATE KEY]
@main
enum HTTPBenchServer {
    static let body = ByteBuffer(
        string: #"{"status":"ok","service":"beamline","checks":{"database":"ok","lanes":"ok","workers":"ok"},"n":1}"#)

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 2, let port = Int(arguments[1]) else {
            throw HTTPTransportError(.connect, "usage: http-bench-server PORT [CERTIFICATE KEY]")
        }
        var tls: TLSContext?
        if arguments.count >= 4 {
            tls = try TLSContext(
                .server, .server(certificateChain: .file(arguments[2]), privateKey: .file(arguments[3])))
        }
        var configuration = HTTPServer.Configuration(addresses: [.tcp(host: "127.0.0.1", port: port)], tls: tls)
        configuration.group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = HTTPServer(configuration: configuration, logger: Logger(label: "bench")) { request in
            guard request.path == "/healthz" else { throw HTTPError.notFound() }
            return HTTPResponse(status: 200, fields: ["content-type": "application/json"], body: .bytes(body))
        }
        try await server.run()
    }
}
