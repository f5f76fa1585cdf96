import GRPC
import HTTP
import Logging
import NIOCore
import Protobuf
import TestProtos
import Testing

private typealias Service = GRPCTesting.TestService
private typealias Output = GRPCTesting.StreamingOutputCallRequest

@Suite("Calls between our client and our server", .timeLimit(.minutes(1)))
struct GRPCCallTests {
    @Test("unary: message, identity and metadata both ways")
    func unary() async throws {
        try await withLoopback { router in
            router.unary(Service.unaryCall) { request, context in
                context.initialMetadata["x-identity"] = context.identity
                context.trailingMetadata.append("x-end-bin", binary: [0, 255])
                return .init(payload: request.payload, username: context.metadata["x-name"] ?? "")
            }
        } _: { channel, _ in
            var options = GRPCCallOptions(timeout: .seconds(10))
            options.metadata.append("authorization", "Bearer ada")
            options.metadata.append("x-name", "lovelace")
            let request = GRPCTesting.SimpleRequest(payload: .init(body: Array(repeating: 5, count: 300_000)))
            let reply = try await channel.unaryReply(Service.unaryCall, request, options: options)
            #expect(reply.message == .init(payload: request.payload, username: "lovelace"))
            #expect(reply.initialMetadata["x-identity"] == "ada")
            #expect(reply.trailingMetadata.binary("x-end-bin") == [[0, 255]])
        }
    }

    @Test("a refused caller never reaches the handler")
    func authentication() async throws {
        try await withLoopback { router in
            router.unary(Service.emptyCall) { request, _ in
                Issue.record("the handler was called")
                return request
            }
        } _: { channel, _ in
            var options = GRPCCallOptions()
            options.metadata.append("authorization", "Bearer evil")
            let status = await status { _ = try await channel.unary(Service.emptyCall, .init(), options: options) }
            #expect(status?.code == .unauthenticated && status?.reason == "token_invalid")
        }
    }

    @Test("statuses with details reach the caller, other errors only as INTERNAL")
    func errors() async throws {
        struct Secret: Error { let password = "hunter2" }
        try await withLoopback { router in
            router.unary(Service.unaryCall) { request, _ in
                if request.responseSize == 1 { throw Secret() }
                throw GRPCStatus(
                    .invalidArgument, "no \u{263A}", reason: "bad", fields: [(field: "size", description: "too odd")])
            }
            router.bidirectional(
                Service.fullDuplexCall,
                opening: { _ in throw GRPCStatus(.permissionDenied, "closed") }, handler: { _, _, _ in })
        } _: { channel, _ in
            let detailed = await status { _ = try await channel.unary(Service.unaryCall, .init()) }
            #expect(detailed?.code == .invalidArgument && detailed?.message == "no \u{263A}")
            #expect(detailed?.detail(GoogleRPC.BadRequest.self)?.fieldViolations.first?.field == "size")
            let plain = await status { _ = try await channel.unary(Service.unaryCall, .init(responseSize: 1)) }
            #expect(plain?.code == .internal && plain?.message == "Internal error.")
            let refused = await status {
                for try await _ in try await channel.bidirectional(Service.fullDuplexCall).responses {}
            }
            #expect(refused?.code == .permissionDenied && refused?.message == "closed")
        }
    }

    @Test("unknown services and methods, and what is not gRPC")
    func unimplemented() async throws {
        try await withLoopback {
            $0.unary(Service.emptyCall) { request, _ in request }
        } _: { channel, address in
            let method = await status { _ = try await channel.unary(Service.unimplementedCall, .init()) }
            #expect(method?.code == .unimplemented && method?.message.contains("UnimplementedCall") == true)
            let other = GRPCTesting.UnimplementedService.unimplementedCall
            let service = await status { _ = try await channel.unary(other, .init()) }
            #expect(service?.code == .unimplemented && service?.message.contains("no service") == true)

            let connection = try await HTTP2Connection.connect(to: address, logger: Logger(label: "test"))
            func answer(_ method: String, _ type: String?, body: [UInt8] = [0, 0, 0, 0, 0], _ more: HTTPFields = [:])
                async throws -> HTTPResponseHead
            {
                var fields = more
                if let type { fields.append("content-type", type) }
                return try await connection.request(
                    HTTPClientRequest(
                        method: method, path: Service.emptyCall.path, fields: fields,
                        body: .bytes(ByteBuffer(bytes: body)))
                ).response()
            }
            #expect(try await answer("POST", "application/json").status == 415)
            #expect(try await answer("POST", "application/grpcx").status == 415)
            #expect(try await answer("POST", nil).status == 415)
            #expect(try await answer("PUT", "application/grpc").status == 405)
            #expect(try await answer("POST", "application/grpc+proto").fields["grpc-status"] == nil)
            let timeout = try await answer("POST", "application/grpc", ["grpc-timeout": "1 hour"])
            #expect(timeout.status == 200 && timeout.fields["grpc-status"] == "3")
            let encoding = try await answer("POST", "application/grpc", ["grpc-encoding": "br"])
            #expect(encoding.fields["grpc-status"] == "12")
            #expect(encoding.fields["grpc-accept-encoding"] == "identity,gzip")
            for body: [UInt8] in [[], [0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]] {
                #expect(try await answer("POST", "application/grpc", body: body).fields["grpc-status"] == "13")
            }
            await connection.close()
        }
    }

    @Test("a message beyond the limit is refused on both sides")
    func tooLarge() async throws {
        var small = GRPCRouter<String>.Configuration()
        small.maxMessageSize = 1000
        try await withLoopback(configuration: small) { router in
            router.unary(Service.unaryCall) { request, _ in
                .init(payload: .init(body: Array(repeating: 0, count: Int(request.responseSize))))
            }
        } _: { channel, address in
            let big = GRPCTesting.SimpleRequest(payload: .init(body: Array(repeating: 0, count: 1000)))
            for compression in [GRPCCompression.identity, .gzip] {
                let options = GRPCCallOptions(compression: compression)
                let status = await status { _ = try await channel.unary(Service.unaryCall, big, options: options) }
                #expect(status?.code == .resourceExhausted && status?.reason == "message_too_large")
            }
            var configuration = GRPCChannel.Configuration(address: address)
            configuration.maxMessageSize = 100
            let careful = GRPCChannel(configuration, logger: Logger(label: "test"))
            let status = await status { _ = try await careful.unary(Service.unaryCall, .init(responseSize: 200)) }
            #expect(status?.code == .resourceExhausted)
            await careful.close()
        }
    }

    @Test("all streaming kinds", arguments: [GRPCCompression.identity, .gzip])
    func streaming(compression: GRPCCompression) async throws {
        try await withLoopback { router in
            router.clientStreaming(Service.streamingInputCall) { requests, _ in
                var size = 0
                for try await request in requests { size += request.payload?.body.count ?? 0 }
                return .init(aggregatedPayloadSize: Int32(size))
            }
            router.serverStreaming(Service.streamingOutputCall) { request, responses, context in
                context.compressesMessages = compression == .gzip
                for parameters in request.responseParameters {
                    try await responses.write(
                        .init(payload: .init(body: Array(repeating: 1, count: Int(parameters.size)))))
                }
            }
            router.bidirectional(
                Service.fullDuplexCall, opening: { $0.initialMetadata["x-open"] = "yes" },
                handler: { requests, responses, context in
                    for try await request in requests {
                        try await responses.write(.init(payload: request.payload), compress: true)
                    }
                    context.trailingMetadata["x-end"] = "yes"
                })
        } _: { channel, _ in
            let options = GRPCCallOptions(timeout: .seconds(30), compression: compression)
            let up = try await channel.clientStreaming(Service.streamingInputCall, options: options)
            for _ in 0..<50 { try await up.send(.init(payload: .init(body: Array(repeating: 1, count: 50_000)))) }
            #expect(try await up.reply().message.aggregatedPayloadSize == 2_500_000)

            let request = Output(responseParameters: (0..<50).map { .init(size: 1000 * $0) })
            var sizes: [Int] = []
            let down = try await channel.serverStreaming(Service.streamingOutputCall, request, options: options)
            for try await response in down.responses { sizes.append(response.payload?.body.count ?? -1) }
            #expect(sizes == (0..<50).map { 1000 * $0 })

            let both = try await channel.bidirectional(Service.fullDuplexCall, options: options)
            #expect(try await both.initialMetadata()["x-open"] == "yes")
            var responses = both.responses.makeAsyncIterator()
            for size in [1, 100_000, 0] {
                try await both.send(.init(payload: .init(body: Array(repeating: 3, count: size))))
                #expect(try await responses.next()?.payload?.body.count == size)
            }
            both.finish()
            #expect(try await responses.next() == nil)
            #expect(both.trailingMetadata?["x-end"] == "yes")
        }
    }

    @Test("the deadline cancels the handler, and both sides know")
    func deadline() async throws {
        let cancelled = Signal<Bool>()
        try await withLoopback { router in
            router.unary(Service.unaryCall) { _, context in
                #expect(context.deadline != nil)
                do {
                    try await Task.sleep(for: .seconds(30))
                } catch {
                    cancelled.tell(true)
                    throw error
                }
                return .init()
            }
        } _: { channel, address in
            // The connection is there before the clock runs.
            _ = await status { _ = try await channel.unary(Service.emptyCall, .init()) }
            let options = GRPCCallOptions(timeout: .milliseconds(300))
            let status = await status { _ = try await channel.unary(Service.unaryCall, .init(), options: options) }
            #expect(status?.code == .deadlineExceeded)
            #expect(await cancelled.wait() == true)
            // A client that does not end the call itself is told by the server.
            let connection = try await HTTP2Connection.connect(to: address, logger: Logger(label: "test"))
            let head = try await connection.request(
                HTTPClientRequest(
                    method: "POST", path: Service.unaryCall.path,
                    fields: ["content-type": "application/grpc", "grpc-timeout": "50m"],
                    body: .bytes(ByteBuffer(bytes: [0, 0, 0, 0, 0])))
            ).response()
            #expect(head.fields["grpc-status"] == "4")
            #expect(await cancelled.wait() == true)
            await connection.close()
        }
    }

    @Test(
        "cancelling the call, a unary caller's task, or the connection cancels the handler",
        arguments: ["call", "task", "channel"])
    func cancellation(of what: String) async throws {
        let begun = Signal<Void>()
        let cancelled = Signal<Bool>()
        try await withLoopback { router in
            router.bidirectional(Service.fullDuplexCall) { requests, _, _ in
                begun.tell(())
                do {
                    for try await _ in requests {}
                } catch {
                    cancelled.tell(true)
                    throw error
                }
            }
            router.unary(Service.unaryCall) { request, _ in
                begun.tell(())
                do {
                    try await Task.sleep(for: .seconds(30))
                } catch {
                    cancelled.tell(true)
                }
                return .init()
            }
        } _: { channel, _ in
            guard what != "task" else {
                let calling = Task { _ = try await channel.unary(Service.unaryCall, .init()) }
                _ = await begun.wait()
                calling.cancel()
                let result = await calling.result
                #expect(throws: GRPCStatus.self) { try result.get() }
                #expect(await cancelled.wait() == true)
                return
            }
            let call = try await channel.bidirectional(Service.fullDuplexCall)
            try await call.send(Output())
            _ = await begun.wait()
            let reading = Task { for try await _ in call.responses {} }
            switch what {
            case "call": call.cancel()
            default: await channel.close()
            }
            let result = await reading.result
            #expect(throws: GRPCStatus.self) { try result.get() }
            #expect(await cancelled.wait() == true)
        }
    }

    @Test("a reader who is cancelled leaves the call as it is: what was sent arrives, and it ends in order")
    func cancelledReader() async throws {
        let received = Signal<Int>()
        try await withLoopback { router in
            router.bidirectional(Service.fullDuplexCall) { requests, responses, _ in
                var count = 0
                for try await _ in requests { count += 1 }
                received.tell(count)
                try await responses.write(.init())
            }
        } _: { channel, _ in
            let call = try await channel.bidirectional(Service.fullDuplexCall)
            for _ in 0..<10 {
                let reading = Task { for try await _ in call.responses {} }
                #expect(try call.offer(Output()))
                reading.cancel()
                let result = await reading.result
                #expect(throws: CancellationError.self) { try result.get() }
            }
            call.finish()
            #expect(await received.wait() == 10)
            var count = 0
            for try await _ in call.responses { count += 1 }
            #expect(count == 1)
        }
    }

    @Test("offers never wait, from any thread, and are refused when the buffer is full")
    func offers() async throws {
        let refused = Signal<Int>()
        let message = GRPCTesting.StreamingOutputCallResponse(payload: .init(body: Array(repeating: 7, count: 10_000)))
        try await withLoopback { router in
            router.bidirectional(Service.fullDuplexCall) { requests, responses, _ in
                let taken = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<4 {
                        group.addTask { @concurrent in
                            var taken = 0
                            while try responses.offer(message) { taken += 1 }
                            return taken
                        }
                    }
                    return try await group.reduce(0, +)
                }
                #expect(!responses.isOver)
                #expect(responses.buffered > 0)
                refused.tell(taken)
                try await responses.waitForRoom()
                #expect(try responses.offer(message))
            }
        } _: { channel, _ in
            let call = try await channel.bidirectional(Service.fullDuplexCall)
            #expect(try call.offer(Output()))
            let taken = try #require(await refused.wait())
            #expect(taken * 10_000 < 2 << 20)
            var count = 0
            for try await response in call.responses {
                #expect(response == message)
                count += 1
            }
            #expect(count == taken + 1)
        }
    }

    @Test("a caller that does not read holds the handler back")
    func backPressure() async throws {
        let written = Signal<Int>()
        let message = GRPCTesting.StreamingOutputCallResponse(payload: .init(body: Array(repeating: 7, count: 100_000)))
        try await withLoopback { router in
            router.serverStreaming(Service.streamingOutputCall) { _, responses, _ in
                for count in 0..<200 {
                    try await responses.write(message)
                    written.tell(count)
                }
            }
        } _: { channel, _ in
            let call = try await channel.serverStreaming(Service.streamingOutputCall, Output())
            _ = try await call.initialMetadata()
            // Other calls on the connection go on meanwhile, and 20 MB do not fit in any window.
            for _ in 0..<20 {
                _ = await status { _ = try await channel.unary(Service.emptyCall, .init()) }
            }
            var last = -1
            var count = 0
            for try await _ in call.responses { count += 1 }
            #expect(count == 200)
            while last < 199 { last = try #require(await written.wait()) }
        }
    }

    @Test("health is asked and watched")
    func health() async throws {
        let health = GRPCHealth(serving: ["a"])
        try await withLoopback {
            $0.addHealth(health)
        } _: { channel, _ in
            let check = GRPCHealthV1.Health.check
            #expect(try await channel.unary(check, .init()).status == .serving)
            #expect(try await channel.unary(check, .init(service: "a")).status == .serving)
            let unknown = await status { _ = try await channel.unary(check, .init(service: "b")) }
            #expect(unknown?.code == .notFound)
            let call = try await channel.serverStreaming(GRPCHealthV1.Health.watch, .init(service: "b"))
            var statuses = call.responses.makeAsyncIterator()
            #expect(try await statuses.next()?.status == .serviceUnknown)
            health.set("b", .serving)
            #expect(try await statuses.next()?.status == .serving)
            health.stop()
            #expect(try await statuses.next()?.status == .notServing)
            #expect(try await channel.unary(check, .init()).status == .notServing)
            call.cancel()
        }
    }

    @Test("calls beyond the connection's streams wait their turn")
    func manyCalls() async throws {
        var limits = HTTPLimits()
        limits.concurrentStreams = 8
        try await withLoopback(limits: limits) { router in
            router.unary(Service.unaryCall) { request, _ in
                await Task.yield()
                return .init(username: "\(request.responseSize)")
            }
        } _: { channel, _ in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for size: Int32 in 0..<300 {
                    group.addTask {
                        try await channel.unary(Service.unaryCall, .init(responseSize: size)).username == "\(size)"
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
    }

    @Test("a text that has no wire format fails the call, here or there")
    func unencodable() async throws {
        try await withLoopback { router in
            router.unary(Service.unaryCall) { _, _ in .init(username: "a\0b") }
        } _: { channel, _ in
            let there = await status { _ = try await channel.unary(Service.unaryCall, .init()) }
            #expect(there?.code == .internal)
            let request = GRPCTesting.SimpleRequest(responseStatus: .init(message: "a\0b"))
            let here = await status { _ = try await channel.unary(Service.unaryCall, request) }
            #expect(here?.code == .internal && here?.message.contains("grpc.testing.EchoStatus.message") == true)
        }
    }
}
