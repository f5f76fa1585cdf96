import GRPC
import HTTP
import Logging
import TestPrograms
import TestProtos
import Testing

@Suite("Our client against an official grpcio server", .timeLimit(.minutes(2)))
struct InteropClientTests {
    private typealias Service = GRPCTesting.TestService

    private let server: ChildProgram
    private let port: Int
    private let channel: GRPCChannel

    init() async throws {
        server = try Self.start()
        port = try #require(await server.line().flatMap { Int($0) })
        var configuration = GRPCChannel.Configuration(address: .tcp(host: "127.0.0.1", port: port))
        configuration.backoff.initial = .milliseconds(50)
        channel = GRPCChannel(configuration, logger: Logger(label: "test"))
    }

    private static func start(port: Int = 0) throws -> ChildProgram {
        try ChildProgram([Checkout.python, Checkout.root + "/Tests/GRPCTests/python/server.py", "\(port)"])
    }

    private func status(_ body: () async throws -> Void) async -> GRPCStatus? {
        do {
            try await body()
            return nil
        } catch {
            return error as? GRPCStatus
        }
    }

    private func outputs(_ sizes: Int32...) -> GRPCTesting.StreamingOutputCallRequest {
        GRPCTesting.StreamingOutputCallRequest(responseParameters: sizes.map { .init(size: $0) })
    }

    @Test("unary, small and large, compressed and not", arguments: [GRPCCompression.identity, .gzip])
    func unary(compression: GRPCCompression) async throws {
        let options = GRPCCallOptions(timeout: .seconds(20), compression: compression)
        #expect(try await channel.unary(Service.emptyCall, .init(), options: options) == .init())
        let request = GRPCTesting.SimpleRequest(
            responseSize: 314_159, payload: .init(body: Array(repeating: 0, count: 271_828)),
            responseCompressed: .init(value: compression == .gzip))
        let response = try await channel.unary(Service.unaryCall, request, options: options)
        #expect(response.payload?.body == Array(repeating: 0, count: 314_159))
        await channel.close()
    }

    @Test("client streaming")
    func clientStreaming() async throws {
        let call = try await channel.clientStreaming(Service.streamingInputCall)
        for size in [27182, 8, 1828, 45904] {
            try await call.send(.init(payload: .init(body: Array(repeating: 1, count: size))))
        }
        #expect(try await call.reply().message.aggregatedPayloadSize == 74922)
        await channel.close()
    }

    @Test("server streaming")
    func serverStreaming() async throws {
        let call = try await channel.serverStreaming(Service.streamingOutputCall, outputs(31415, 9, 2653, 58979))
        var sizes: [Int] = []
        for try await response in call.responses { sizes.append(response.payload?.body.count ?? -1) }
        #expect(sizes == [31415, 9, 2653, 58979])
        await channel.close()
    }

    @Test("bidirectional, in turns")
    func bidirectional() async throws {
        let call = try await channel.bidirectional(Service.fullDuplexCall)
        var responses = call.responses.makeAsyncIterator()
        for size: Int32 in [31415, 9, 2653, 58979] {
            try await call.send(outputs(size))
            #expect(try await responses.next()?.payload?.body.count == Int(size))
        }
        call.finish()
        #expect(try await responses.next() == nil)
        await channel.close()
    }

    @Test("metadata both ways")
    func metadata() async throws {
        var options = GRPCCallOptions()
        options.metadata.append("x-grpc-test-echo-initial", "first")
        options.metadata.append("x-grpc-test-echo-trailing-bin", binary: [0xab, 0, 0xff])
        let reply = try await channel.unaryReply(Service.unaryCall, .init(), options: options)
        #expect(reply.initialMetadata["x-grpc-test-echo-initial"] == "first")
        #expect(reply.trailingMetadata.binary("x-grpc-test-echo-trailing-bin") == [[0xab, 0, 0xff]])
        let call = try await channel.bidirectional(Service.fullDuplexCall, options: options)
        #expect(try await call.initialMetadata()["x-grpc-test-echo-initial"] == "first")
        call.finish()
        for try await _ in call.responses {}
        #expect(call.trailingMetadata?.binary("x-grpc-test-echo-trailing-bin") == [[0xab, 0, 0xff]])
        await channel.close()
    }

    @Test("statuses, before and after messages")
    func statuses() async throws {
        let message = "\t\nwhitespace\r\nand ☺ and 😈\t\n"
        let unary = await status {
            _ = try await channel.unary(
                Service.unaryCall, .init(responseStatus: .init(code: 5, message: message)))
        }
        #expect(unary?.code == .notFound && unary?.message == message)
        var request = outputs(3)
        request.responseStatus = .init(code: 10, message: "enough")
        var count = 0
        let streaming = await status {
            for try await _ in try await channel.serverStreaming(Service.streamingOutputCall, request).responses {
                count += 1
            }
        }
        #expect(count == 1 && streaming?.code == .aborted && streaming?.message == "enough")
        let unknown = await status { _ = try await channel.unary(Service.unimplementedCall, .init()) }
        #expect(unknown?.code == .unimplemented)
        await channel.close()
    }

    @Test("a deadline ends the call here and there")
    func deadline() async throws {
        var request = outputs(1)
        request.responseParameters[0].intervalUs = 3_000_000
        let options = GRPCCallOptions(timeout: .milliseconds(200))
        let begun = ContinuousClock.now
        let status = await status {
            let call = try await channel.serverStreaming(Service.streamingOutputCall, request, options: options)
            for try await _ in call.responses {}
        }
        #expect(status?.code == .deadlineExceeded)
        #expect(ContinuousClock.now - begun < .seconds(2.5))
        #expect(await server.line() == "ended")
        await channel.close()
    }

    @Test("cancelling the call ends it there too")
    func cancellation() async throws {
        var request = outputs(1, 1)
        request.responseParameters[1].intervalUs = 5_000_000
        let call = try await channel.serverStreaming(Service.streamingOutputCall, request)
        var responses = call.responses.makeAsyncIterator()
        #expect(try await responses.next() != nil)
        let reading = Task { for try await _ in call.responses {} }
        call.cancel()
        let result = await reading.result
        #expect(throws: GRPCStatus.self) { try result.get() }
        #expect(await server.line() == "ended")
        await channel.close()
    }

    @Test("dropping a call ends it")
    func dropped() async throws {
        var request = outputs(1, 1)
        request.responseParameters[1].intervalUs = 5_000_000
        do {
            let call = try await channel.serverStreaming(Service.streamingOutputCall, request)
            #expect(try await call.initialMetadata().isEmpty == false)
        }
        #expect(await server.line() == "ended")
        await channel.close()
    }

    @Test("the channel connects again when the server is back")
    func reconnect() async throws {
        #expect(try await channel.unary(Service.emptyCall, .init()) == .init())
        server.terminate()
        _ = await server.exitStatus()
        let gone = await status { _ = try await channel.unary(Service.emptyCall, .init()) }
        #expect(gone?.code == .unavailable)
        let again = try Self.start(port: port)
        #expect(await again.line() == "\(port)")
        let options = GRPCCallOptions(timeout: .seconds(20), waitsForConnection: true)
        #expect(try await channel.unary(Service.emptyCall, .init(), options: options) == .init())
        await channel.close()
        let closed = await status { _ = try await channel.unary(Service.emptyCall, .init()) }
        #expect(closed?.code == .unavailable)
    }
}
