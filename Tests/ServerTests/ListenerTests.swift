import Access
import GRPC
import HTTP
import HTTPClient
import Protobuf
import Server
import Testing

/// The status of one request.
enum HTTPAnswer {
    static func get(
        _ running: RunningNode, _ listener: Listener, _ path: String, bearer: String? = nil, method: String = "GET",
        authorities: String? = nil
    ) async throws -> Int {
        let scheme = authorities == nil ? "http" : "https"
        var request = OutgoingRequest(method: method, url: "\(scheme)://\(running.address(listener))\(path)")
        if let bearer { request.fields = [("authorization", "Bearer \(bearer)")] }
        request.certificateAuthorities = authorities
        return try await HTTPClient().send(request).status
    }
}

@Suite("Listeners of their own", .serialized, .timeLimit(.minutes(5)))
struct ListenerTests {
    @Test("each listener serves its own, health is everywhere, and what is elsewhere is nothing here")
    func apart() async throws {
        try await RunningNode.run { options in
            for listener in [Listener.workers, .management, .metrics] {
                options.listeners[listener] = [.tcp(host: "127.0.0.1", port: 0)]
            }
        } _: { running in
            let bearer = try running.token(.admin)
            let expected: [(path: String, served: Set<Listener>)] = [
                ("/healthz", Set(Listener.allCases)), ("/readyz", Set(Listener.allCases)), ("/metrics", [.metrics]),
                ("/v1/runs", [.public, .management]), ("/v1/session", [.public, .management]),
                ("/v1/keys", [.management]), ("/v1/system/tree", [.management]), ("/v1/secrets", [.management]),
            ]
            for (path, served) in expected {
                for listener in Listener.allCases {
                    let status = try await HTTPAnswer.get(running, listener, path, bearer: bearer)
                    #expect(status == (served.contains(listener) ? 200 : 404), "\(path) on \(listener)")
                }
            }
            for listener in Listener.allCases {
                let channel = running.channel(listener, bearer: bearer)
                #expect(try await channel.unary(GRPCHealthV1.Health.check, .init(service: "")).status == .serving)
                var code = GRPCStatusCode.ok
                do { _ = try await channel.unary(BeamlineV1.RunService.listRuns, .init()) } catch let status
                    as GRPCStatus
                { code = status.code }
                #expect(code == (listener == .public || listener == .management ? .ok : .unimplemented))
                await channel.close()
            }
        }
    }

    @Test("with one kind of listener it serves everything")
    func together() async throws {
        try await RunningNode.run { running in
            let bearer = try running.token(.admin)
            for path in ["/healthz", "/metrics", "/v1/runs", "/v1/keys"] {
                #expect(try await HTTPAnswer.get(running, .public, path, bearer: bearer) == 200, "\(path)")
            }
        }
    }
}
