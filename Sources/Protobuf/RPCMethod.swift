/// A method of a service: its name and the types of its messages. The conforming type says the kind of call.
public protocol RPCMethod<Request, Response>: Sendable {
    associatedtype Request: ProtobufMessage
    associatedtype Response: ProtobufMessage

    /// The service's full name, such as `beamline.v1.RunService`.
    var service: String { get }
    /// The method's name, such as `StartRun`.
    var name: String { get }
}

extension RPCMethod {
    /// The request path: `/beamline.v1.RunService/StartRun`.
    public var path: String { "/\(service)/\(name)" }
}

/// One request, one response.
public struct UnaryMethod<Request: ProtobufMessage, Response: ProtobufMessage>: RPCMethod {
    public let service: String
    public let name: String

    public init(service: String, name: String) {
        self.service = service
        self.name = name
    }
}

/// Many requests, one response.
public struct ClientStreamingMethod<Request: ProtobufMessage, Response: ProtobufMessage>: RPCMethod {
    public let service: String
    public let name: String

    public init(service: String, name: String) {
        self.service = service
        self.name = name
    }
}

/// One request, many responses.
public struct ServerStreamingMethod<Request: ProtobufMessage, Response: ProtobufMessage>: RPCMethod {
    public let service: String
    public let name: String

    public init(service: String, name: String) {
        self.service = service
        self.name = name
    }
}

/// Many requests, many responses, independent of each other.
public struct BidirectionalMethod<Request: ProtobufMessage, Response: ProtobufMessage>: RPCMethod {
    public let service: String
    public let name: String

    public init(service: String, name: String) {
        self.service = service
        self.name = name
    }
}
