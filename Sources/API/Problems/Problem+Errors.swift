import Access
import Engine
import Filters
import GRPC
import HTTP
import JSON
import Secrets

/// The one place where errors of the modules below become answers.
extension Problem {
    /// - Returns: `nil` for an error that is ours: it is logged, and the caller learns no more than its request id.
    init?(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as EngineError: self.init(error)
        case let error as StoreError: self.init(error)
        case let error as TokenError: self.init(error)
        case let error as Denial: self.init(403, Denial.code, error.description)
        case let error as TenantRefusal: self.init(403, error.code, error.description)
        case let error as IssuerUnavailable:
            self.init(503, IssuerUnavailable.code, error.description, fields: ["retry-after": "5"])
        case let error as SecretError: self.init(error)
        case let error as JSONError: self.init(error)
        case let error as HTTPError: self.init(error.status, error.code, error.message, fields: error.fields)
        default: return nil
        }
    }

    /// What a stream ends with when its token or key does.
    static let accessEnded = Problem(
        401, "access_changed",
        "The token or key has ended, was revoked, or its permissions have changed; connect again with a valid one.")

    /// What an error of ours looks like from outside.
    static let internalError = Problem(
        500, "internal", "The server failed on this request. The operator finds the cause in the log by the request id."
    )

    init(_ error: TokenError) {
        self.init(
            401, error.code.rawValue, error.description,
            fields: ["www-authenticate": #"Bearer realm="beamline", error="invalid_token""#])
    }

    init(_ error: SecretError) {
        switch error.reason {
        case .noMasterKey: self.init(503, "secrets_unavailable", error.description)
        case .unreadable:
            self = .internalError
            detail += " (a secret cannot be opened)"
        case .readOnly: self.init(409, "secrets_read_only", error.description)
        case .invalid: self.init(422, "invalid_secret", error.description)
        }
    }

    init(_ error: JSONError) {
        switch error.reason {
        case .tooLarge: self.init(413, "payload_too_large", "The JSON text is too large: \(error).")
        case .outOfMemory: self.init(503, "overloaded", "The server is out of memory; try again.")
        case .invalidSyntax, .invalidUTF8, .nullCharacter, .duplicateKey, .numberOutOfRange, .endedEarly, .tooDeep:
            self.init(400, "malformed_json", "The content is not acceptable JSON: \(error).")
        }
    }

    /// A filter that cannot be read, with the place of every problem.
    init(_ error: FilterError, in filter: String) {
        let first = error.problems.first?.description ?? "somewhere"
        let more = error.problems.count > 1 ? " (and \(error.problems.count - 1) more)" : ""
        self.init(400, "invalid_filter", "The filter is wrong \(first)\(more)")
        let problems = error.problems.map { problem in
            DefinitionProblem(
                path: "filter", line: 1, column: problem.offset + 1, length: problem.length, message: problem.message,
                hint: problem.hint)
        }
        diagnostics = (problems.json, error.rendered(in: filter))
    }

    init(_ error: StoreError) {
        if let quota = error.quota {
            self.init(EngineError(over: quota, limit: nil))
            return
        }
        switch error {
        case .unavailable(let retryAfter, _):
            self.init(
                503, "unavailable", "The database does not answer; nothing was changed. Try again.",
                fields: ["retry-after": Self.seconds(retryAfter)])
        case .refused(let code, _):
            self = .internalError
            self.detail += " (database error \(code))"
        }
    }

    init(_ error: EngineError) {
        let status: Int =
            switch error.code {
            case .workflowNotFound, .runNotFound, .stepNotFound: 404
            case .forbidden: 403
            case .idempotencyKeyReused, .runEnded, .conflict, .concurrencyLimit, .queueDraining: 409
            case .invalidInput, .invalidDefinition, .workerRefused: 422
            case .overloaded, .throttled, .quotaExceeded: 429
            case .unavailable: 503
            case .refused: 422
            default: 500
            }
        self.init(status, error.code.rawValue, error.message)
        if let retryAfter = error.retryAfter { fields["retry-after"] = Self.seconds(retryAfter) }
        if let quota = error.quota { fields["beamline-quota"] = quota.name }
    }

    /// Whole seconds, at least one (RFC 9110 §10.2.3).
    static func seconds(_ duration: Duration) -> String {
        let (seconds, rest) = duration.components
        return String(max(1, seconds + (rest > 0 ? 1 : 0)))
    }

    /// The same answer as a gRPC status; `code` travels as ErrorInfo's reason.
    var grpcStatus: GRPCStatus {
        let status: GRPCStatusCode =
            switch self.status {
            case 400, 413, 415, 422: .invalidArgument
            case 401: .unauthenticated
            case 403: .permissionDenied
            case 404: .notFound
            case 409: code == EngineError.Code.idempotencyKeyReused.rawValue ? .alreadyExists : .failedPrecondition
            case 412: .failedPrecondition
            case 429: .resourceExhausted
            case 503: .unavailable
            default: .internal
            }
        return GRPCStatus(status, detail, reason: code)
    }
}
