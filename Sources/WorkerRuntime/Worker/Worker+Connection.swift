import Logging
import Protobuf
import Supervision
import Synchronization
import Telemetry

extension Worker {
    /// Why a stream is given up.
    struct Disconnected: Error, CustomStringConvertible {
        var description: String
    }

    private static let backOff = BackOff(first: .milliseconds(100), limit: .seconds(5))

    /// How long the last stream may take to end in order.
    private static let farewell = Duration.seconds(3)

    /// Stays connected until the worker has left; then waits for the stream's end, if there is one, but not for ever.
    func stayConnectedToTheEnd() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.stayConnected() }
            group.addTask {
                await self.finished.opened()
                // A wait that is cancelled is over.
                if self.state.withLock({ $0.wake != nil }) { try? await Task.sleep(for: Self.farewell) }
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// Connects, and again whenever the stream has ended, until the worker has left.
    func stayConnected() async {
        var failures = 0
        while !finished.isOpen, !Task.isCancelled {
            let welcomesBefore = metrics.connections.value
            do {
                try await source.withStream { try await self.converse($0) }
                logger.debug("stream ended")
            } catch {
                metrics.connectionFailures.add()
                if !finished.isOpen, !Task.isCancelled {
                    logger.warning(
                        "no connection to the server; trying again",
                        metadata: ["error": "\(error)", "failures": "\(failures)"])
                }
            }
            apply { $0.disconnected() }
            failures = metrics.connections.value > welcomesBefore ? 0 : failures + 1
            await pause(Self.backOff.delay(failures: failures, random: .random(in: 0..<1)))
        }
        // Cancelled: nothing waits for executions to be launched any more.
        if Task.isCancelled { stopNow() }
    }

    private func pause(_ delay: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            // Cancelled as soon as the worker has left.
            group.addTask { try? await Task.sleep(for: delay) }
            group.addTask { await self.finished.opened() }
            await group.next()
            group.cancelAll()
        }
    }

    /// One stream from `Hello` to its end.
    private func converse(_ stream: any TaskStream) async throws {
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        state.withLock { state in
            // What was meant for an earlier stream is said anew after the greeting.
            state.outbox.down()
            state.wake = wake
        }
        defer { state.withLock { $0.wake = nil } }
        apply { $0.connected(now: .now) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.read(stream) }
            group.addTask { try await self.write(stream, wakes) }
            group.addTask { try await self.beat() }
            group.addTask { await self.finished.opened() }
            // Leaving in order is the only orderly return; it ends the other three.
            defer { group.cancelAll() }
            try await group.next()
        }
        // The server takes an end after `Draining` for good, so that must have been said.
        let farewell = state.withLock { $0.outbox.take() }
        if !farewell.isEmpty { try await stream.send(farewell) }
    }

    private func read(_ stream: any TaskStream) async throws {
        while let message = try await stream.receive() {
            switch message.kind {
            case .heartbeatAck(let ack): state.withLock { $0.outbox.acknowledged(heartbeat: ack.sequence) }
            case .ack(let ack): metrics.acknowledgements(ack.result.label).add()
            case .drain(let drain) where drain.graceMs > 0:
                state.withLock { $0.drainGrace = .milliseconds(drain.graceMs) }
            case .welcome(let welcome):
                metrics.connections.add()
                logger.info(
                    "connected",
                    metadata: ["worker_id": "\(welcome.workerID)", "lease_ms": "\(welcome.leaseMs)"])
            case .assign, .revoke, .cancel, .kill, .drain, .reconnect, .inventory, nil: break
            }
            if let reason = apply({ $0.received(message, now: .now) }) { throw Disconnected(description: reason) }
        }
        if !finished.isOpen { throw Disconnected(description: "the server ended the stream") }
    }

    private func write(_ stream: any TaskStream, _ wakes: AsyncStream<Void>) async throws {
        for await _ in wakes {
            while true {
                let batch = state.withLock { $0.outbox.take() }
                if batch.isEmpty { break }
                try await stream.send(batch)
            }
        }
    }

    private func beat() async throws {
        while true {
            let interval = state.withLock { $0.machine.heartbeatInterval }
            try await Task.sleep(for: interval)
            if let reason = apply({ $0.tick(now: .now) }) { throw Disconnected(description: reason) }
        }
    }

    /// The two deadlines of leaving: when what runs is stopped, and when nobody waits any longer.
    func watchLeaving() async {
        await leaving.opened()
        do {
            try await Task.sleep(for: state.withLock { $0.drainGrace })
            apply { $0.stop(.graceful) }
            try await Task.sleep(for: configuration.stopGrace + .seconds(1))
            apply { $0.stop(.immediate) + $0.giveUp() }
        } catch {
            // The worker has left before.
        }
    }
}
