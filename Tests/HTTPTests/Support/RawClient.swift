import HTTP
import NIOCore
import NIOPosix
import Synchronization

/// A client that sends any octets and collects what comes back.
final class RawClient: Sendable {
    private let channel: any Channel
    private let collector: Collector

    private init(channel: any Channel, collector: Collector) {
        self.channel = channel
        self.collector = collector
    }

    static func connect(to address: HTTPAddress) async throws -> RawClient {
        guard case .tcp(let host, let port) = address else { throw TestFailure("only tcp") }
        let collector = Collector()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(CollectingHandler(collector))
                }
            }
            .connect(host: host, port: port).get()
        return RawClient(channel: channel, collector: collector)
    }

    func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }
    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Sends without minding that the peer may have closed already.
    func trySend(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

    func close() async throws { try await channel.close() }

    /// Everything up to the peer's end of the connection.
    func readToEnd(within limit: Duration = .seconds(10)) async throws -> [UInt8] {
        try await read(within: limit) { _, ended in ended }
    }

    func textToEnd() async throws -> String { String(decoding: try await readToEnd(), as: UTF8.self) }

    /// All that has come once the condition holds.
    func read(
        within limit: Duration = .seconds(10), until condition: @escaping @Sendable ([UInt8], Bool) -> Bool
    ) async throws -> [UInt8] {
        try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask { try await self.collector.wait(condition) }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            guard let first = try await group.next(), let result = first else {
                group.cancelAll()
                self.channel.close(promise: nil)
                throw TestFailure("nothing came within \(limit); so far \(self.collector.soFar)")
            }
            group.cancelAll()
            return result
        }
    }

    func readText(until text: String) async throws -> String {
        let bytes = try await read { bytes, ended in
            ended || String(decoding: bytes, as: UTF8.self).contains(text)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What has come, and who waits for what.
final class Collector: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var ended = false
        var waiters:
            [(condition: @Sendable ([UInt8], Bool) -> Bool, continuation: CheckedContinuation<[UInt8], Never>)] =
                []
    }

    private let state = Mutex(State())

    var soFar: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }

    func receive(_ bytes: [UInt8], ended: Bool) {
        let ready = state.withLock { state in
            state.bytes += bytes
            state.ended = state.ended || ended
            let (all, isEnd) = (state.bytes, state.ended)
            let ready = state.waiters.filter { isEnd || $0.condition(all, isEnd) }
            state.waiters.removeAll { isEnd || $0.condition(all, isEnd) }
            return ready.map { ($0.continuation, all) }
        }
        for (continuation, bytes) in ready { continuation.resume(returning: bytes) }
    }

    func wait(_ condition: @escaping @Sendable ([UInt8], Bool) -> Bool) async throws -> [UInt8] {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now = state.withLock { state -> [UInt8]? in
                    if state.ended || condition(state.bytes, state.ended) || Task.isCancelled { return state.bytes }
                    state.waiters.append((condition, continuation))
                    return nil
                }
                if let now { continuation.resume(returning: now) }
            }
        } onCancel: {
            let waiting = state.withLock { state in
                defer { state.waiters = [] }
                return state.waiters.map { ($0.continuation, state.bytes) }
            }
            for (continuation, bytes) in waiting { continuation.resume(returning: bytes) }
        }
    }
}

private final class CollectingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let collector: Collector

    init(_ collector: Collector) { self.collector = collector }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        collector.receive(Array(unwrapInboundIn(data).readableBytesView), ended: false)
    }

    func channelInactive(context: ChannelHandlerContext) { collector.receive([], ended: true) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        collector.receive([], ended: true)
        context.close(promise: nil)
    }
}
