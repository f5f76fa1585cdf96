import Access
import HTTP
import Telemetry

/// One operation of openapi.yaml.
struct Route: Sendable {

    typealias Handler = @Sendable (Call) async throws -> HTTPResponse
    typealias OpenHandler = @Sendable (HTTPRequest, _ requestID: String) async throws -> HTTPResponse
    typealias OpenPathHandler =
        @Sendable (
            HTTPRequest, _ parameters: [String: String], _ requestID: String
        ) async throws -> HTTPResponse

    enum Work: Sendable {
        /// The same answer to everybody, at once.
        case always(HTTPResponse)
        case open(OpenPathHandler)
        case admitted(Handler)
    }

    let method: String
    /// As openapi.yaml writes it.
    let pattern: String
    /// Its `operationId`; the metrics' label.
    let operation: String
    /// Query parameters that it knows.
    let parameters: Set<String>
    let work: Work
    /// What the table of entry points asks for.
    let rule: AccessRule
    /// The listener that serves it where listeners are apart; `nil` is every one.
    var home: Listener? { EntryPoints.home(of: operation) }
    /// Whether what it does is recorded in the audit log.
    let isControl: Bool
    /// The limit that it counts for.
    var rateClass: RateClass { RateClass(rule) }

    init(
        _ method: String, _ pattern: String, _ operation: String, parameters: Set<String> = [],
        _ handler: @escaping Handler
    ) {
        self.method = method
        self.pattern = pattern
        self.operation = operation
        self.parameters = parameters
        work = .admitted(handler)
        rule = Self.rule(operation)
        isControl = EntryPoints.isControl(operation)
        precondition(rule != .open, "\(operation) is open in the table of entry points, and its route is not")
    }

    /// A route without a token.
    init(open method: String, _ pattern: String, _ operation: String, _ handler: @escaping OpenHandler) {
        self.init(openAt: method, pattern, operation) { request, _, id in try await handler(request, id) }
    }

    /// A route without a token whose path names something.
    init(
        openAt method: String, _ pattern: String, _ operation: String, parameters: Set<String> = [],
        _ handler: @escaping OpenPathHandler
    ) {
        self.init(open: method, pattern, operation, parameters: parameters, work: .open(handler))
    }

    /// A route without a token whose answer is always the same.
    init(open method: String, _ pattern: String, _ operation: String, always response: HTTPResponse) {
        self.init(open: method, pattern, operation, work: .always(response))
    }

    private init(
        open method: String, _ pattern: String, _ operation: String, parameters: Set<String> = [], work: Work
    ) {
        self.method = method
        self.pattern = pattern
        self.operation = operation
        self.parameters = parameters
        self.work = work
        rule = Self.rule(operation)
        isControl = false
        precondition(rule == .open, "\(operation) is not open in the table of entry points, and its route is")
    }

    private static func rule(_ operation: String) -> AccessRule {
        guard let rule = EntryPoints.rule(operation: operation) else {
            preconditionFailure("\(operation) has no rule in the table of entry points (EntryPoints.swift)")
        }
        return rule
    }
}

/// What is counted of a route; one look-up at start, an atomic addition a request.
struct RouteMetrics: Sendable {
    private let classes: [Counter]
    private let seconds: Histogram

    init(operation: String, registry: MetricsRegistry) {
        let requests = registry.counter(
            "beamline_api_requests_total", help: "Requests by operation and status class.",
            labels: ["operation", "class"])
        classes = (0...5).map { requests(operation, "\($0)xx") }
        seconds = registry.histogram(
            "beamline_api_request_seconds", help: "Time until the head of the answer, by operation.",
            labels: ["operation"])(operation)
    }

    func count(status: Int, took: Duration) {
        classes[min(max(status / 100, 0), 5)].add()
        seconds.observe(took)
    }
}
