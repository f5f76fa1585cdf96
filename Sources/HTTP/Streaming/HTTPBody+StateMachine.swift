import NIOCore

extension HTTPBody {
    /// open (octets may come) → ended | failed; the reader drains what is buffered before it sees the end.
    struct State {
        private var bytes: ByteBuffer?
        private var phase = Phase.open
        private var waiter: Waiter?
        private(set) var trailers: HTTPFields?
        /// When a reader of the whole first had to wait; `nil` once it is complete.
        private(set) var collectingSince: NIODeadline?

        private enum Phase {
            case open, ended
            case failed(any Error)
            case abandoned
        }

        enum Taken {
            case bytes(ByteBuffer)
            case end
            case failed(any Error)
            case wait
        }

        init() {}

        init(complete bytes: ByteBuffer, trailers: HTTPFields?) {
            self.bytes = bytes.readableBytes > 0 ? bytes : nil
            self.trailers = trailers
            phase = .ended
        }

        var buffered: Int { bytes?.readableBytes ?? 0 }

        mutating func take(isCollecting: Bool = false) -> Taken {
            if let bytes {
                self.bytes = nil
                return .bytes(bytes)
            }
            switch phase {
            case .open:
                if isCollecting, collectingSince == nil { collectingSince = .now() }
                return .wait
            case .ended: return .end
            case .failed(let error): return .failed(error)
            case .abandoned: return .failed(HTTPTransportError(.ended, "the exchange is over"))
            }
        }

        mutating func receive(_ data: UnsafeRawBufferPointer) -> (accepted: Bool, Waiter?) {
            guard case .open = phase else { return (false, nil) }
            if bytes == nil {
                bytes = ByteBufferAllocator().buffer(capacity: data.count)
            }
            unsafe bytes?.writeBytes(data)
            return (true, wake())
        }

        mutating func finish(trailers: HTTPFields?) -> Waiter? {
            guard case .open = phase else { return nil }
            phase = .ended
            collectingSince = nil
            self.trailers = trailers
            return wake()
        }

        /// What had arrived before a failure is dropped: half a message is no message.
        mutating func fail(_ error: any Error) -> Waiter? {
            guard case .open = phase else { return nil }
            phase = .failed(error)
            collectingSince = nil
            bytes = nil
            return wake()
        }

        mutating func abandon() -> Int {
            let dropped = buffered
            bytes = nil
            if case .open = phase { phase = .abandoned }
            collectingSince = nil
            return dropped
        }

        /// Registers the reader; one comes back when it need not wait after all.
        mutating func wait(_ reader: Waiter, cancelled: Bool) -> Waiter? {
            if cancelled { return reader.failing(CancellationError()) }
            guard case .open = phase, bytes == nil else { return reader }
            precondition(waiter == nil, "a body has one reader")
            waiter = reader
            return nil
        }

        mutating func cancelWait() -> Waiter? { wake()?.failing(CancellationError()) }

        private mutating func wake() -> Waiter? {
            defer { waiter = nil }
            return waiter
        }
    }
}
