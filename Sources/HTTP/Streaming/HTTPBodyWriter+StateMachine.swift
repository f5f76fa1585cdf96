import DequeModule
import NIOCore

extension HTTPBodyWriter {
    /// How much a writer holds, in octets. Little: thousands of peers may be stuck at once, and a peer that reads
    /// empties it within a tick.
    struct Limits: Sendable {
        /// `write` waits at this much …
        var high = 8 << 10
        /// … until it is below this.
        var low = 2 << 10
        /// `offer` refuses beyond this …
        var capacity = 256 << 10
        /// … and an urgent one beyond this.
        var urgentCapacity = 4 << 20
    }

    /// What a drain found.
    struct Drained: Equatable {
        var count = 0
        /// Everything has left and no more will come.
        var ended = false
        var trailers: HTTPFields?
    }

    /// open → finishing (the end was written, octets remain) → over; or → failed.
    struct State {
        private let limits: Limits
        private var chunks: Deque<ByteBuffer> = []
        private(set) var buffered = 0
        private var phase = Phase.open
        private var waiters: [Waiter] = []
        /// The sink knows that there is something, and will drain.
        private var signalled = false

        private enum Phase {
            case open
            case finished(HTTPFields?)
            case failed(any Error)
        }

        enum Written {
            case accepted(signal: Bool, full: Bool)
            case failed(any Error)
        }

        enum Offered: Equatable {
            case accepted(signal: Bool)
            case refused
        }

        init(limits: Limits) { self.limits = limits }

        var isOver: Bool {
            if case .open = phase { false } else { true }
        }

        mutating func write(_ bytes: ByteBuffer) -> Written {
            switch phase {
            case .open:
                let signal = push(bytes)
                return .accepted(signal: signal, full: buffered >= limits.high)
            case .finished: return .failed(HTTPTransportError(.ended, "written after the end"))
            case .failed(let error): return .failed(error)
            }
        }

        mutating func offer(_ bytes: ByteBuffer, urgent: Bool = false) -> Offered {
            let capacity = urgent ? limits.urgentCapacity : limits.capacity
            guard case .open = phase, buffered + bytes.readableBytes <= capacity else { return .refused }
            return .accepted(signal: push(bytes))
        }

        private mutating func push(_ bytes: ByteBuffer) -> Bool {
            guard bytes.readableBytes > 0 else { return false }
            chunks.append(bytes)
            buffered += bytes.readableBytes
            return signal()
        }

        private mutating func signal() -> Bool {
            guard !signalled else { return false }
            signalled = true
            return true
        }

        mutating func discardWhole() -> [Waiter] {
            chunks.removeAll { $0.readerIndex == 0 }
            buffered = chunks.reduce(0) { $0 + $1.readableBytes }
            return roomWakes()
        }

        mutating func finish(trailers: HTTPFields?) -> Bool {
            guard case .open = phase else { return false }
            phase = .finished(trailers)
            return signal()
        }

        mutating func fail(_ error: any Error) -> [Waiter] {
            // A finished writer may still wait for its last octets to leave: it fails as well.
            if case .failed = phase { return [] }
            phase = .failed(error)
            chunks = []
            buffered = 0
            return takeWaiters().map { $0.failing(error) }
        }

        mutating func wait(_ producer: Waiter, cancelled: Bool) -> Waiter? {
            if cancelled { return producer.failing(CancellationError()) }
            if case .failed(let error) = phase { return producer.failing(error) }
            guard buffered >= limits.low else { return producer }
            waiters.append(producer)
            return nil
        }

        mutating func cancelWaits() -> [Waiter] {
            takeWaiters().map { $0.failing(CancellationError()) }
        }

        mutating func drain(into target: UnsafeMutableRawBufferPointer) -> (Drained, [Waiter]) {
            var count = 0
            while count < target.count, var chunk = chunks.popFirst() {
                let part = min(chunk.readableBytes, target.count - count)
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: target[count..<count + part])
                unsafe chunk.readWithUnsafeReadableBytes { source in
                    unsafe rest.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<part]))
                    return part
                }
                count += part
                if chunk.readableBytes > 0 { chunks.prepend(chunk) }
            }
            buffered -= count
            return (drained(count), roomWakes())
        }

        mutating func drainAll() -> (ByteBuffer?, Drained, [Waiter]) {
            let count = buffered
            var result = chunks.popFirst()
            while var chunk = chunks.popFirst() { result?.writeBuffer(&chunk) }
            buffered = 0
            return (result, drained(count), roomWakes())
        }

        private mutating func drained(_ count: Int) -> Drained {
            var result = Drained(count: count)
            guard chunks.isEmpty else { return result }
            if case .finished(let trailers) = phase {
                result.ended = true
                result.trailers = trailers
            } else {
                signalled = false
            }
            return result
        }

        private mutating func roomWakes() -> [Waiter] {
            buffered < limits.low && !waiters.isEmpty ? takeWaiters() : []
        }

        private mutating func takeWaiters() -> [Waiter] {
            defer { waiters = [] }
            return waiters
        }
    }
}
