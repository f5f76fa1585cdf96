public import Protobuf

/// How a call ended, when it did not end well. A handler throws it; a client call throws it.
public struct GRPCStatus: Error, Sendable, Equatable, CustomStringConvertible {
    /// The code.
    public var code: GRPCStatusCode
    /// A sentence for people.
    public var message: String
    /// Typed details, which travel in `grpc-status-details-bin`.
    public var details: [GoogleProtobuf.AnyMessage]
    /// Further trailing metadata.
    public var metadata: GRPCMetadata
    /// Whether the server surely has not seen the call, so that a client may send it again.
    var isRetryable = false

    /// A status; `.ok` only for a client that reports the end of a call.
    public init(
        _ code: GRPCStatusCode, _ message: String = "", details: [GoogleProtobuf.AnyMessage] = [],
        metadata: GRPCMetadata = GRPCMetadata()
    ) {
        self.code = code
        self.message = message
        self.details = details
        self.metadata = metadata
    }

    /// A status with a stable reason for programs, as google.rpc.ErrorInfo.
    ///
    /// - Parameters:
    ///   - reason: A stable word, such as `unknown_workflow`.
    ///   - fields: Which fields of the request are wrong and why, as google.rpc.BadRequest.
    public init(
        _ code: GRPCStatusCode, _ message: String, reason: String, domain: String = "beamline",
        fields: [(field: String, description: String)] = []
    ) {
        self.init(code, message)
        attach(GoogleRPC.ErrorInfo(reason: reason, domain: domain))
        if !fields.isEmpty {
            attach(
                GoogleRPC.BadRequest(
                    fieldViolations: fields.map { .init(field: $0.field, description: $0.description) }))
        }
    }

    /// Adds a detail. One that cannot be packed (a NUL character in a text) is left out: the status itself counts more.
    public mutating func attach<Detail: ProtobufMessage>(_ detail: Detail) {
        guard let bytes = try? detail.serialized() else { return }
        details.append(GoogleProtobuf.AnyMessage(typeURL: "type.googleapis.com/\(Detail.fullName)", value: bytes))
    }

    /// The first detail of a type.
    public func detail<Detail: ProtobufMessage>(_: Detail.Type) -> Detail? {
        for detail in details where detail.typeURL.split(separator: "/").last.map(String.init) == Detail.fullName {
            if let detail = try? Detail(serialized: detail.value) { return detail }
        }
        return nil
    }

    /// The stable reason of google.rpc.ErrorInfo.
    public var reason: String? { detail(GoogleRPC.ErrorInfo.self)?.reason }

    /// Code and message.
    public var description: String { message.isEmpty ? "\(code)" : "\(code): \(message)" }

    static func messageTooLarge(_ size: Int, limit: Int) -> GRPCStatus {
        GRPCStatus(
            .resourceExhausted, "A message of \(size) octets is larger than the limit of \(limit).",
            reason: "message_too_large")
    }

    init(malformed error: ProtobufError) {
        switch error {
        case .malformed:
            self.init(.invalidArgument, "\(error).", reason: "malformed_message")
        case .notUTF8(let field), .containsNUL(let field):
            self.init(
                .invalidArgument, "\(error).", reason: "malformed_message",
                fields: [(field: field, description: error.description)])
        }
    }
}
