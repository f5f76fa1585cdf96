import HTTPClient
import JSON
import Protobuf

/// One attempt of an `http` task: its request, and what an answer means.
struct HTTPTask: Sendable {
    /// Largest answer, in bytes: it becomes the step's output.
    static let answerLimit = ProgramTask.outputLimit
    static let defaultTimeout = Duration.seconds(30)

    let request: OutgoingRequest
    let expected: Set<Int>?

    init(_ execution: TaskExecution) throws(TaskFailure) {
        let input = try TaskInput(
            execution.assignment.input,
            fields: ["method", "url", "headers", "body", "json", "timeout", "expect", "redirects"])
        let method = (try input.string("method") ?? "GET").uppercased()
        let url = try input.requiredString("url")
        var fields = try input.stringMap("headers").sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        let names = Set(fields.map { $0.name.lowercased() })
        var body: [UInt8]?
        switch (try input.string("body"), input["json"]) {
        case (let text?, nil):
            body = Array(text.utf8)
            // Without it the client would call the text a form.
            if !names.contains("content-type") {
                fields.append((name: "content-type", value: "text/plain; charset=utf-8"))
            }
        case (nil, let value?):
            body = value.bytes()
            if !names.contains("content-type") { fields.append((name: "content-type", value: "application/json")) }
        case (nil, nil): break
        case (.some, .some): throw .invalid("with: give either `body` or `json`, not both")
        }
        let task = execution.task
        if !task.traceparent.isEmpty, !names.contains("traceparent") {
            fields.append((name: "traceparent", value: task.traceparent))
        }
        if method != "GET", method != "HEAD", !names.contains("idempotency-key") {
            fields.append((name: "idempotency-key", value: task.idempotencyKey))
        }
        let deadline = execution.deadline(timeout: try input.duration("timeout") ?? Self.defaultTimeout)
        var request = OutgoingRequest(
            method: method, url: url, fields: fields, body: body,
            timeout: max(.milliseconds(1), deadline.map { $0 - .now } ?? Self.defaultTimeout))
        request.bodyLimit = Self.answerLimit
        request.redirects = Int(clamping: min(20, max(0, try input.integer("redirects") ?? 0)))
        self.request = request
        expected = try Self.expected(input)
    }

    private static func expected(_ input: TaskInput) throws(TaskFailure) -> Set<Int>? {
        guard let value = input["expect"] else { return nil }
        var statuses: Set<Int> = []
        for element in value.arrayValue ?? [value] {
            guard let status = element.intValue, (100...599).contains(status) else {
                throw .invalid("with.expect: must be a status or a list of them, such as [200, 404]")
            }
            statuses.insert(Int(status))
        }
        return statuses
    }

    func run(_ client: HTTPClient) async -> TaskOutcome {
        do throws(HTTPClientError) {
            return outcome(try await client.send(request))
        } catch {
            return .failure(failure(error))
        }
    }

    func outcome(_ response: IncomingResponse) -> TaskOutcome {
        guard expected?.contains(response.status) ?? (200...299).contains(response.status) else {
            let retryable = response.status >= 500 || [408, 425, 429].contains(response.status)
            let text = OutputLines.text(response.body.prefix(500))
            return .failure(
                TaskFailure(
                    .error, code: "http_\(response.status)",
                    message: "\(request.method) \(request.url) answered \(response.status)"
                        + (text.isEmpty ? "" : ": \(text)"), retryable: retryable))
        }
        var headers = JSONObject()
        for field in response.fields { headers[field.name] = .string(OutputLines.text(Array(field.value.utf8)[...])) }
        let output = JSONValue.object([
            ("status", .int(Int64(response.status))), ("headers", .object(headers)), ("body", Self.body(response)),
        ]).bytes()
        guard output.count <= Self.answerLimit else { return .failure(Self.tooLarge) }
        return .success(output)
    }

    private static func body(_ response: IncomingResponse) -> JSONValue {
        let type = (response.field("content-type") ?? "").lowercased().prefix { $0 != ";" && $0 != " " }
        if type == "application/json" || type.hasSuffix("+json"), !response.body.isEmpty,
            let value = try? JSONValue(parsing: response.body)
        {
            return value
        }
        return .string(OutputLines.text(response.body[...]))
    }

    func failure(_ error: HTTPClientError) -> TaskFailure {
        switch error.kind {
        case .invalidRequest: .invalid("with: \(error)")
        case .unreachable: TaskFailure(.error, code: "unreachable", message: "\(error)", retryable: true)
        case .timedOut: TaskFailure(.timeout, code: "timeout", message: "\(error)", retryable: true)
        case .tls: TaskFailure(.error, code: "tls", message: "\(error)", retryable: true)
        case .bodyTooLarge: Self.tooLarge
        case .cancelled: .stopped()
        case .failed: TaskFailure(.error, code: "network", message: "\(error)", retryable: true)
        }
    }

    private static let tooLarge = TaskFailure(
        .resource, code: "output_too_large", message: "the answer is over 1 MiB", retryable: false)
}
