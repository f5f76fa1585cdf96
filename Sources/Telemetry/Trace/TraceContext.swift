/// The place of an operation in a distributed trace (W3C Trace Context, level 1).
///
/// It comes in with the caller's `traceparent`, is stored with the run, and goes out to the worker's process.
public struct TraceContext: Hashable, Sendable {
    public var traceID: TraceID
    /// The span that the receiver's spans are children of.
    public var spanID: SpanID
    /// Bit 0: the caller records this trace. Other bits are kept as they came.
    public var flags: UInt8
    /// Vendor data, handed on unread; empty when there is none.
    public var state: String

    public init(traceID: TraceID, spanID: SpanID, flags: UInt8, state: String = "") {
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags
        self.state = state
    }

    public var isSampled: Bool { flags & 1 != 0 }

    /// A new trace.
    public static func root(sampled: Bool, using generator: inout some RandomNumberGenerator) -> Self {
        Self(traceID: .random(using: &generator), spanID: .random(using: &generator), flags: sampled ? 1 : 0)
    }

    /// A span below this one, in the same trace.
    public func child(using generator: inout some RandomNumberGenerator) -> Self {
        Self(traceID: traceID, spanID: .random(using: &generator), flags: flags, state: state)
    }

    /// The header's text: `00-<trace id>-<span id>-<flags>`.
    public var traceparent: String {
        var text = [UInt8]()
        text.reserveCapacity(55)
        text.append(contentsOf: [0x30, 0x30, 0x2d])
        Hexadecimal.append(traceID.high, to: &text)
        Hexadecimal.append(traceID.low, to: &text)
        text.append(0x2d)
        Hexadecimal.append(spanID.value, to: &text)
        text.append(0x2d)
        Hexadecimal.append(flags, to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}

/// Sixteen bytes, never all zero.
public struct TraceID: Hashable, Sendable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    /// Answers `nil` for the all-zero id, which the standard calls invalid.
    public init?(high: UInt64, low: UInt64) {
        guard high | low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    public static func random(using generator: inout some RandomNumberGenerator) -> Self {
        while true {
            if let id = Self(high: generator.next(), low: generator.next()) { return id }
        }
    }

    public var description: String {
        var text = [UInt8]()
        Hexadecimal.append(high, to: &text)
        Hexadecimal.append(low, to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}

/// Eight bytes, never all zero.
public struct SpanID: Hashable, Sendable, CustomStringConvertible {
    public let value: UInt64

    /// Answers `nil` for zero, which the standard calls invalid.
    public init?(_ value: UInt64) {
        guard value != 0 else { return nil }
        self.value = value
    }

    public static func random(using generator: inout some RandomNumberGenerator) -> Self {
        while true {
            if let id = Self(generator.next()) { return id }
        }
    }

    public var description: String {
        var text = [UInt8]()
        Hexadecimal.append(value, to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
