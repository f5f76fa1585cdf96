/// A request to another server.
public struct OutgoingRequest: Sendable {
    public var method: String
    /// `http` or `https`; anything else is refused.
    public var url: String
    public var fields: [(name: String, value: String)]
    public var body: [UInt8]?
    /// From the start to the last byte.
    public var timeout: Duration
    public var connectTimeout: Duration = .seconds(10)
    /// Redirects followed; 0: none.
    public var redirects = 0
    /// A longer body ends the request.
    public var bodyLimit = 16 << 20
    /// PEM file of further certificate authorities.
    public var certificateAuthorities: String?

    public init(
        method: String = "GET", url: String, fields: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        timeout: Duration = .seconds(30)
    ) {
        self.method = method
        self.url = url
        self.fields = fields
        self.body = body
        self.timeout = timeout
    }
}

/// What the other server answered.
public struct IncomingResponse: Sendable {
    public var status: Int
    /// Names in lower case, in the order of their arrival; of a redirect, the last answer's.
    public var fields: [(name: String, value: String)]
    public var body: [UInt8]

    public func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}

/// Why there is no answer.
public struct HTTPClientError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        /// The URL, a field or another part of the request cannot be sent.
        case invalidRequest
        /// Nobody answers there: no address, refused, reset.
        case unreachable
        case timedOut
        /// The certificate or the handshake was not acceptable.
        case tls
        case bodyTooLarge
        case cancelled
        /// Anything else that libcurl says.
        case failed
    }

    public var kind: Kind
    public var message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { message }
}
