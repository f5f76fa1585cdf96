internal import HTTP
internal import Protobuf

extension GRPCStatus {
    /// Adds the fields that end a call.
    func write(to fields: inout HTTPFields) {
        fields.append("grpc-status", String(code.rawValue))
        if !message.isEmpty { fields.append("grpc-message", PercentCoding.encode(message)) }
        if !details.isEmpty {
            let status = GoogleRPC.Status(
                code: code.rawValue, message: message.replacing("\0", with: "\u{FFFD}"), details: details)
            if let bytes = try? status.serialized() { fields.append("grpc-status-details-bin", Base64.encode(bytes)) }
        }
        fields.append(contentsOf: metadata.fields)
    }

    /// The status of a call from its trailers; `nil` where they have no `grpc-status`.
    init?(trailers fields: HTTPFields) {
        guard let text = fields["grpc-status"] else { return nil }
        let code = Int32(text).flatMap(GRPCStatusCode.init(rawValue:)) ?? .unknown
        var details: [GoogleProtobuf.AnyMessage] = []
        if let bytes = fields["grpc-status-details-bin"].flatMap({ Base64.decode($0) }),
            let status = try? GoogleRPC.Status(serialized: bytes)
        {
            details = status.details
        }
        self.init(
            code, PercentCoding.decode(fields["grpc-message"] ?? ""), details: details,
            metadata: GRPCMetadata(fields: fields))
    }

    /// The status of a response that is not gRPC's, by its HTTP status (gRPC over HTTP/2, "HTTP to gRPC status code").
    init(httpStatus: Int) {
        let code: GRPCStatusCode =
            switch httpStatus {
            case 400: .internal
            case 401: .unauthenticated
            case 403: .permissionDenied
            case 404: .unimplemented
            case 429, 502, 503, 504: .unavailable
            case _: .unknown
            }
        self.init(code, "The server answered with HTTP status \(httpStatus).")
    }

    /// The status of an exchange that broke.
    init(transport error: HTTPTransportError) {
        let code: GRPCStatusCode =
            switch error.kind {
            case .reset(.refusedStream): .unavailable
            case .reset(.cancel): .cancelled
            case .reset(.enhanceYourCalm): .resourceExhausted
            case .reset(.inadequateSecurity): .permissionDenied
            case .reset: .internal
            case .closed, .connect, .timeout: .unavailable
            case .violation: .internal
            case .ended: .cancelled
            }
        self.init(code, error.message)
    }

    /// The status for the caller of a handler that threw. What is not meant for callers becomes a plain INTERNAL.
    init(thrown error: any Error) {
        switch error {
        case let status as GRPCStatus: self = status
        case is CancellationError: self.init(.cancelled, "The call was cancelled.")
        case let error as HTTPTransportError: self.init(transport: error)
        case let error as ProtobufError: self.init(.internal, "\(error).")
        case let error as HTTPError: self.init(http: error)
        case _: self.init(.internal, "Internal error.")
        }
    }

    init(thrown error: any Error, isRetryable: Bool) {
        self.init(thrown: error)
        self.isRetryable = isRetryable
    }

    private init(http error: HTTPError) {
        let code: GRPCStatusCode =
            switch error.status {
            case 400, 422: .invalidArgument
            case 401: .unauthenticated
            case 403: .permissionDenied
            case 404: .notFound
            case 409: .alreadyExists
            case 412: .failedPrecondition
            case 413, 429: .resourceExhausted
            case 503: .unavailable
            case 504: .deadlineExceeded
            case _: .internal
            }
        self.init(code, error.message, reason: error.code)
    }
}
