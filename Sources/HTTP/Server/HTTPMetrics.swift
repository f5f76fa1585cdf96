public import Synchronization

/// Counters of a server, for `/metrics` and tests. Each is one relaxed atomic; reading never stops a loop.
public final class HTTPMetrics: Sendable {
    /// A counter with its exposition name.
    public struct Sample: Sendable {
        /// Name without labels: `http_requests_total`.
        public var name: String
        /// Labels in order.
        public var labels: [(name: String, value: String)]
        /// The value now.
        public var value: Int
        /// Whether it only rises.
        public var isCounter: Bool
    }

    public let connectionsAccepted = Atomic<Int>(0)
    public let connectionsRefused = Atomic<Int>(0)
    public let connectionsActive = Atomic<Int>(0)
    public let requestsActive = Atomic<Int>(0)
    public let requestsHTTP1 = Atomic<Int>(0)
    public let requestsHTTP2 = Atomic<Int>(0)
    /// Handlers that threw something other than an ``HTTPError``.
    public let handlerFailures = Atomic<Int>(0)
    /// Streams that the peer reset.
    public let resetsReceived = Atomic<Int>(0)
    /// Connections closed by a limit of time.
    public let timeouts = Atomic<Int>(0)
    /// Handshakes that failed.
    public let tlsFailures = Atomic<Int>(0)
    /// HTTP/1.1 messages that do not parse.
    public let malformedHTTP1 = Atomic<Int>(0)
    /// Requests refused because their head is too large.
    public let headTooLarge = Atomic<Int>(0)
    private let responses = CodeCounters()
    private let resetsSent = CodeCounters()
    private let goAwaysSent = CodeCounters()

    /// All zero.
    public init() {}

    func add(_ counter: borrowing Atomic<Int>, _ amount: Int = 1) {
        counter.wrappingAdd(amount, ordering: .relaxed)
    }

    func answered(status: Int) { responses.add(status / 100) }
    func sentReset(_ code: HTTP2ErrorCode) { resetsSent.add(Int(min(code.rawValue, 15))) }
    func sentGoAway(_ code: HTTP2ErrorCode) { goAwaysSent.add(Int(min(code.rawValue, 15))) }

    /// RST_STREAM frames sent with this code.
    public func resetsSent(_ code: HTTP2ErrorCode) -> Int { resetsSent[Int(min(code.rawValue, 15))] }
    /// GOAWAY frames sent with this code.
    public func goAwaysSent(_ code: HTTP2ErrorCode) -> Int { goAwaysSent[Int(min(code.rawValue, 15))] }
    /// Answers of a status class, 2 for 2xx.
    public func responses(class hundred: Int) -> Int { responses[hundred] }

    /// Everything now, ready to render.
    public func samples() -> [Sample] {
        func now(_ counter: borrowing Atomic<Int>) -> Int { counter.load(ordering: .relaxed) }
        func counter(_ name: String, _ value: Int, _ labels: [(name: String, value: String)] = []) -> Sample {
            Sample(name: name, labels: labels, value: value, isCounter: true)
        }
        var result = [
            counter("http_connections_accepted_total", now(connectionsAccepted)),
            counter("http_connections_refused_total", now(connectionsRefused)),
            Sample(name: "http_connections", labels: [], value: now(connectionsActive), isCounter: false),
            Sample(name: "http_requests_in_flight", labels: [], value: now(requestsActive), isCounter: false),
            counter("http_requests_total", now(requestsHTTP1), [("version", "1.1")]),
            counter("http_requests_total", now(requestsHTTP2), [("version", "2")]),
            counter("http_handler_failures_total", now(handlerFailures)),
            counter("http_stream_resets_received_total", now(resetsReceived)),
            counter("http_timeouts_total", now(timeouts)),
            counter("http_tls_failures_total", now(tlsFailures)),
            counter("http_malformed_http1_total", now(malformedHTTP1)),
            counter("http_heads_too_large_total", now(headTooLarge)),
        ]
        for hundred in 2...5 {
            result.append(counter("http_responses_total", responses[hundred], [("class", "\(hundred)xx")]))
        }
        for code in UInt32(0)...13 {
            let label = [(name: "code", value: HTTP2ErrorCode(rawValue: code).description)]
            result.append(counter("http2_resets_sent_total", resetsSent[Int(code)], label))
            result.append(counter("http2_goaways_sent_total", goAwaysSent[Int(code)], label))
        }
        return result
    }
}

/// Sixteen counters by a small number.
private final class CodeCounters: Sendable {
    private let counts = InlineArray<16, Atomic<Int>> { _ in Atomic(0) }

    func add(_ index: Int) { counts[index & 15].wrappingAdd(1, ordering: .relaxed) }
    subscript(index: Int) -> Int { counts[index & 15].load(ordering: .relaxed) }
}
