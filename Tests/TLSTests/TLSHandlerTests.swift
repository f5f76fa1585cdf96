import Foundation
import NIOCore
import NIOEmbedded
import TLS
import Testing
import TransportTestSupport

/// Two handlers, wired by hand: no socket, no time.
private final class Pair {
    let client = EmbeddedChannel()
    let server = EmbeddedChannel()
    private(set) var clientError: (any Error)?
    private(set) var serverError: (any Error)?

    init(client clientContext: TLSContext, server serverContext: TLSContext, name: String? = "localhost") throws {
        try client.pipeline.syncOperations.addHandlers(
            TLSHandler(context: clientContext, serverName: name), SessionCollector())
        try server.pipeline.syncOperations.addHandlers(TLSHandler(context: serverContext), SessionCollector())
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        client.connect(to: address, promise: nil)
        server.connect(to: address, promise: nil)
    }

    /// Carries ciphertext until both are silent.
    func settle() {
        var moved = true
        while moved {
            moved = false
            while let bytes = try? client.readOutbound(as: ByteBuffer.self) {
                moved = true
                do { try server.writeInbound(bytes) } catch { serverError = serverError ?? error }
            }
            while let bytes = try? server.readOutbound(as: ByteBuffer.self) {
                moved = true
                do { try client.writeInbound(bytes) } catch { clientError = clientError ?? error }
            }
        }
    }

    func session(of channel: EmbeddedChannel) throws -> TLSSession? {
        try channel.pipeline.syncOperations.handler(type: SessionCollector.self).session
    }

    func send(_ text: String, from sender: EmbeddedChannel, to receiver: EmbeddedChannel) throws -> String {
        sender.writeAndFlush(ByteBuffer(string: text), promise: nil)
        settle()
        var result = ""
        while let bytes = try receiver.readInbound(as: ByteBuffer.self) { result += String(buffer: bytes) }
        return result
    }
}

private final class SessionCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private(set) var session: TLSSession?

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSHandshakeCompleted { session = event.session }
    }
}

@Suite("TLS between two handlers", .timeLimit(.minutes(1)))
struct TLSHandlerTests {
    @Test func agreesAndCarriesOctets() async throws {
        let certificates = try await Certificates.make()
        let pair = try Pair(client: try certificates.clientContext(), server: try certificates.serverContext())
        pair.settle()
        let session = try #require(try pair.session(of: pair.server))
        #expect(session.version == "TLSv1.3")
        #expect(session.cipher == "TLS_AES_128_GCM_SHA256")
        #expect(session.applicationProtocol == "h2")
        #expect(session.serverName == "localhost")
        #expect(session.peerCertificate == nil)
        #expect(try pair.session(of: pair.client)?.peerCertificate?.commonName == "localhost")
        #expect(try pair.send("to the server", from: pair.client, to: pair.server) == "to the server")
        let long = String(repeating: "0123456789", count: 20_000)
        #expect(try pair.send(long, from: pair.server, to: pair.client) == long)
        pair.client.close(promise: nil)
        pair.settle()
        #expect(!pair.server.isActive, "close_notify ends the other side")
    }

    @Test func theServerPrefersItsFirstProtocol() async throws {
        let certificates = try await Certificates.make()
        let client = try certificates.clientContext { $0.applicationProtocols = ["http/1.1", "h2"] }
        let pair = try Pair(client: client, server: try certificates.serverContext())
        pair.settle()
        #expect(try pair.session(of: pair.client)?.applicationProtocol == "h2")
    }

    @Test func noCommonProtocolEndsTheHandshake() async throws {
        let certificates = try await Certificates.make()
        let client = try certificates.clientContext { $0.applicationProtocols = ["spdy/3"] }
        let pair = try Pair(client: client, server: try certificates.serverContext())
        pair.settle()
        #expect((pair.serverError as? TLSError)?.kind == .handshake)
        #expect((pair.clientError as? TLSError)?.details.contains { $0.contains("no application protocol") } == true)
    }

    @Test func refusesAForeignAuthority() async throws {
        let certificates = try await Certificates.make()
        let client = try certificates.clientContext { $0.trustRoots = certificates.other }
        let pair = try Pair(client: client, server: try certificates.serverContext())
        pair.settle()
        #expect((pair.clientError as? TLSError)?.kind == .verification)
        #expect(try pair.session(of: pair.server) == nil)
    }

    @Test(
        "checks the name",
        arguments: [("localhost", true), ("127.0.0.1", true), ("example.org", false), ("127.0.0.2", false)])
    func checksTheName(_ name: String, _ fits: Bool) async throws {
        let certificates = try await Certificates.make()
        let pair = try Pair(
            client: try certificates.clientContext(), server: try certificates.serverContext(), name: name)
        pair.settle()
        #expect((pair.clientError == nil) == fits)
        #expect((try pair.session(of: pair.client) != nil) == fits)
    }

    @Test func verifiesClients() async throws {
        let certificates = try await Certificates.make()
        let server = try certificates.serverContext {
            $0.trustRoots = certificates.authority
            $0.clientVerification = .required
        }
        let known = try certificates.clientContext {
            $0.certificateChain = certificates.client
            $0.privateKey = certificates.clientKey
        }
        let pair = try Pair(client: known, server: server)
        pair.settle()
        let peer = try #require(try pair.session(of: pair.server)?.peerCertificate)
        #expect(peer.commonName == "worker-1")
        #expect(peer.subject == "CN=worker-1,O=Beamline")
        #expect(peer.fingerprint.count == 64)
        #expect(peer.uris == ["spiffe://beamline.test/tenant/default/worker/worker-1"])
        let days = (Double(peer.expiresAt) - Date().timeIntervalSince1970) / 86_400
        #expect((1...2.1).contains(days))
        let unknown = try Pair(client: try certificates.clientContext(), server: server)
        unknown.settle()
        #expect(unknown.serverError != nil)
        #expect(try unknown.session(of: unknown.server) == nil)
    }

    @Test func refusesPlainText() async throws {
        let certificates = try await Certificates.make()
        let pair = try Pair(client: try certificates.clientContext(), server: try certificates.serverContext())
        do {
            try pair.server.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\nhost: a\r\n\r\n"))
            Issue.record("plain text was taken for TLS")
        } catch let error as TLSError {
            #expect(error.kind == .handshake)
        }
        #expect(!pair.server.isActive)
    }

    @Test func refusesADamagedRecord() async throws {
        let certificates = try await Certificates.make()
        let pair = try Pair(client: try certificates.clientContext(), server: try certificates.serverContext())
        pair.settle()
        pair.client.writeAndFlush(ByteBuffer(string: "secret"), promise: nil)
        var record = try #require(try pair.client.readOutbound(as: ByteBuffer.self))
        record.setInteger(
            record.getInteger(at: record.writerIndex - 1, as: UInt8.self).map { ~$0 } ?? 0, at: record.writerIndex - 1)
        #expect(throws: TLSError.self) { try pair.server.writeInbound(record) }
        #expect(try pair.server.readInbound(as: ByteBuffer.self) == nil)
    }
}
