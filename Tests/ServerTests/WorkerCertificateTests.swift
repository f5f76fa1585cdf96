import Access
import Foundation
import GRPC
import HTTP
import Protobuf
import Server
import Synchronization
import TLS
import Testing
import TransportTestSupport

@Suite("Workers by certificate, over TLS", .serialized, .timeLimit(.minutes(5)))
struct WorkerCertificateTests {
    private static func hello(_ name: String) -> BeamlineV1.WorkerMessage {
        BeamlineV1.WorkerMessage(
            kind: .hello(
                BeamlineV1.Hello(
                    worker: name, session: (0..<16).map { _ in .random(in: 0 ... .max) }, protocolVersions: [1],
                    softwareVersion: "1", taskTypes: [BeamlineV1.TaskType(name: "noop", pool: "io")],
                    pools: [BeamlineV1.Pool(name: "io", slots: 1)], labels: [], held: [])))
    }

    /// Connects as a worker of this name; `nil` when it is welcome, else why it is not.
    private static func refusal(_ channel: GRPCChannel, _ name: String) async throws -> String? {
        do {
            let call = try await channel.bidirectional(BeamlineV1.WorkerService.connect)
            try await call.send(hello(name))
            var responses = call.responses.makeAsyncIterator()
            guard case .welcome? = try await responses.next()?.kind else { return "no welcome" }
            call.finish()
            call.cancel()
            return nil
        } catch let status as GRPCStatus { return "\(status.code)" } catch { return "no connection" }
    }

    private final class End: Sendable {
        let isReached = Mutex(false)
    }

    private static func client(
        _ certificates: Certificates, certificate: Bool = true
    ) throws -> TLSContext {
        try certificates.clientContext {
            $0.applicationProtocols = ["h2"]
            guard certificate else { return }
            $0.certificateChain = certificates.client
            $0.privateKey = certificates.clientKey
        }
    }

    @Test("a certificate is its tenant's worker of its name: no other, nothing but a worker, and until it is revoked")
    func named() async throws {
        let certificates = try await Certificates.make()
        try await RunningNode.run {
            $0.tls = certificates.serverPaths
            $0.listeners[.workers] = [.tcp(host: "127.0.0.1", port: 0)]
            $0.clientCertificates = ClientCertificates(authorities: certificates.authorityPath, areRequired: true)
        } _: { running in
            let channel = running.channel(.workers, tls: try Self.client(certificates))
            #expect(try await Self.refusal(channel, "worker-1") == nil)
            #expect(try await Self.refusal(channel, "worker-2") == "permissionDenied")
            // Without one there is no connection at all; with a token, too.
            let bare = running.channel(
                .workers, tls: try Self.client(certificates, certificate: false), bearer: try running.token(.worker))
            #expect(try await Self.refusal(bare, "worker-1") == "unavailable")
            // The public listener does not ask for certificates, and does not serve workers.
            let elsewhere = running.channel(
                .public, tls: try Self.client(certificates), bearer: try running.token(.worker))
            #expect(try await Self.refusal(elsewhere, "worker-1") == "unimplemented")
            await bare.close()
            await elsewhere.close()
            // A stream that is open ends with the revocation of its certificate.
            let call = try await channel.bidirectional(BeamlineV1.WorkerService.connect)
            try await call.send(Self.hello("worker-1"))
            var responses = call.responses.makeAsyncIterator()
            guard case .welcome? = try await responses.next()?.kind else {
                Issue.record("not welcomed")
                return
            }
            let admin = try running.token(.admin)
            let fingerprint = try await certificates.clientFingerprint()
            let revoked = try await HTTPAnswer.get(
                running, .public, "/v1/tokens/cert%3A\(fingerprint)", bearer: admin, method: "DELETE",
                authorities: certificates.authorityPath)
            #expect(revoked == 204)
            var isOver = false
            while let message = try await responses.next() {
                if case .reconnect? = message.kind {
                    isOver = true
                    break
                }
            }
            #expect(isOver)
            call.cancel()
            while try await Self.refusal(channel, "worker-1") == nil {}
            #expect(try await Self.refusal(channel, "worker-1") == "unauthenticated")
            await channel.close()
        }
    }

    @Test("where certificates may be shown but need not, a token serves as well")
    func optional() async throws {
        let certificates = try await Certificates.make()
        try await RunningNode.run {
            $0.tls = certificates.serverPaths
            $0.clientCertificates = ClientCertificates(authorities: certificates.authorityPath, areRequired: false)
        } _: { running in
            let named = running.channel(tls: try Self.client(certificates))
            #expect(try await Self.refusal(named, "worker-1") == nil)
            let tls = try Self.client(certificates, certificate: false)
            let bearer = running.channel(tls: tls, bearer: try running.token(.worker))
            #expect(try await Self.refusal(bearer, "anything") == nil)
            let nobody = running.channel(tls: tls)
            #expect(try await Self.refusal(nobody, "worker-1") == "unauthenticated")
            for channel in [named, bearer, nobody] { await channel.close() }
        }
    }

    @Test("a list of revoked certificates is looked up, and taken anew when it changes")
    func revocations() async throws {
        let certificates = try await Certificates.make()
        try await certificates.writeRevocations(client: false)
        try await RunningNode.run {
            $0.tls = certificates.serverPaths
            $0.listeners[.workers] = [.tcp(host: "127.0.0.1", port: 0)]
            $0.clientCertificates = ClientCertificates(
                authorities: certificates.authorityPath, areRequired: true, revocations: certificates.revocationsPath)
        } _: { running in
            let before = running.channel(.workers, tls: try Self.client(certificates))
            #expect(try await Self.refusal(before, "worker-1") == nil)
            await before.close()
            try await certificates.writeRevocations(client: true)
            // The node looks once a second; then no new connection is made.
            var refusal: String?
            while refusal == nil {
                let after = running.channel(.workers, tls: try Self.client(certificates))
                refusal = try await Self.refusal(after, "worker-1")
                await after.close()
            }
            #expect(refusal == "unavailable")
        }
    }

    @Test("renewed certificates are taken under load: no request is dropped, and new connections see the new one")
    func reload() async throws {
        let certificates = try await Certificates.make()
        try await RunningNode.run {
            $0.tls = certificates.serverPaths
        } _: { running in
            let tls = try Self.client(certificates, certificate: false)
            let bearer = try running.token(.viewer)
            let before = try await Self.serverFingerprint(running)
            let end = End()
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for client in 0..<4 {
                    group.addTask {
                        // Two keep their connection, two make one for each request.
                        let kept = running.channel(tls: tls, bearer: bearer)
                        var served = 0
                        while !end.isReached.withLock({ $0 }) {
                            let channel = client < 2 ? kept : running.channel(tls: tls, bearer: bearer)
                            let answer = try await channel.unary(GRPCHealthV1.Health.check, .init(service: ""))
                            #expect(answer.status == .serving)
                            served += 1
                            if client >= 2 { await channel.close() }
                        }
                        await kept.close()
                        return served
                    }
                }
                var last = before
                for _ in 0..<3 {
                    try await certificates.renewServer()
                    var now = last
                    while now == last { now = try await Self.serverFingerprint(running) }
                    last = now
                }
                end.isReached.withLock { $0 = true }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(counts.count { $0 > 0 } == 4)
            print("requests served while the certificates were renewed three times: \(counts.reduce(0, +))")
        }
    }

    /// What a client that connects now is shown.
    private static func serverFingerprint(_ running: RunningNode) async throws -> String {
        let result = try await Tool.run([
            "sh", "-c",
            "openssl s_client -connect \(running.address()) </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256",
        ])
        try #require(result.status == 0, "\(result.output)")
        return result.output
    }
}
