import HTTPClient
import JSON

/// The REST API, as the commands use it: JSON in, JSON out, and failures that say what to do.
struct APIClient: Sendable {
    let url: String
    private let token: String?
    private let source: String
    private let timeout: Duration
    private let http = HTTPClient()

    init(_ options: ClientOptions) throws(CommandFailure) {
        self.init(try ClientContext.find(), timeout: .seconds(options.timeout))
    }

    init(_ context: ClientContext, timeout: Duration = .seconds(30)) {
        // Workers may name several servers; a client command takes the first.
        url = context.url.split(separator: ",").first.map(String.init) ?? context.url
        token = context.token
        source = context.source
        self.timeout = timeout
    }

    func get(_ path: String, query: [String: String] = [:]) async throws(CommandFailure) -> JSONValue {
        try await call("GET", path + Self.text(query), body: nil, type: nil)
    }

    func post(
        _ path: String, body: JSONValue?, fields: [String: String] = [:]
    ) async throws(CommandFailure) -> JSONValue {
        try await call(
            "POST", path, body: body?.bytes(), type: body == nil ? nil : "application/json", fields: fields)
    }

    func put(
        _ path: String, body: JSONValue, fields: [String: String] = [:]
    ) async throws(CommandFailure) -> JSONValue {
        try await call("PUT", path, body: body.bytes(), type: "application/json", fields: fields)
    }

    /// What is answered may be nothing.
    @discardableResult
    func delete(_ path: String) async throws(CommandFailure) -> JSONValue {
        try await call("DELETE", path, body: nil, type: nil)
    }

    /// Applies a definition; its diagnostics become the failure's message.
    func apply(_ file: DefinitionFile) async throws(CommandFailure) -> JSONValue {
        try await call(
            "POST", "/v1/workflows" + Self.text(["file": file.name]), body: file.contents,
            type: file.isJSON ? "application/json" : "application/yaml")
    }

    /// Applies files together; what is wrong with them becomes the failure's message.
    func apply(_ files: [DefinitionFile], query: [String: String]) async throws(CommandFailure) -> JSONValue {
        var entries: [JSONValue] = []
        for file in files {
            // The server says where a byte is no text, so one file goes as it is.
            guard let content = String(validating: file.contents, as: UTF8.self) else {
                return try await call(
                    "POST", "/v1/apply" + Self.text(query.merging(["file": file.name]) { $1 }), body: file.contents,
                    type: "application/yaml")
            }
            entries.append(["name": .string(file.name), "content": .string(content)])
        }
        return try await post("/v1/apply" + Self.text(query), body: ["files": .array(entries)])
    }

    /// All pages of a list, or so many entries of it.
    func pages(
        _ path: String, query: [String: String] = [:], list: String, limit: Int?
    ) async throws(CommandFailure) -> [JSONValue] {
        var query = query
        var entries: [JSONValue] = []
        while true {
            query["page_size"] = "\(min(500, limit.map { $0 - entries.count } ?? 500))"
            let page = try await get(path, query: query)
            entries += page[list]?.arrayValue ?? []
            if let limit, entries.count >= limit { return Array(entries.prefix(limit)) }
            guard let next = page["next_cursor"]?.stringValue else { return entries }
            query["cursor"] = next
        }
    }

    private func call(
        _ method: String, _ path: String, body: [UInt8]?, type: String?, fields: [String: String] = [:]
    ) async throws(CommandFailure) -> JSONValue {
        var request = OutgoingRequest(method: method, url: url + path, body: body, timeout: timeout)
        request.fields = fields.map { ($0.key, $0.value) } + [("accept", "application/json")]
        if let type { request.fields.append(("content-type", type)) }
        if let token { request.fields.append(("authorization", "Bearer \(token)")) }
        let response: IncomingResponse
        do {
            response = try await http.send(request)
        } catch {
            throw CommandFailure(
                .unreachable,
                """
                error: \(url) does not answer: \(error)
                  (found in \(source)) Is it running? Start one here with: make run, or beamline dev
                """)
        }
        if response.status == 204 { return .null }
        let value = try? JSONValue(parsing: response.body)
        if (200..<300).contains(response.status) {
            guard let value else {
                throw CommandFailure(.unreachable, "error: \(url) answered something that is not JSON; is it Beamline?")
            }
            return value
        }
        throw Self.failure(response, value)
    }

    private static func failure(_ response: IncomingResponse, _ problem: JSONValue?) -> CommandFailure {
        if let rendered = problem?["rendered"]?.stringValue { return CommandFailure(.invalid, rendered) }
        let code = problem?["code"]?.stringValue.map { " [\($0)]" } ?? ""
        let detail = problem?["detail"]?.stringValue ?? problem?["title"]?.stringValue ?? "HTTP \(response.status)"
        let status: ExitStatus =
            switch response.status {
            case 401, 403: .refused
            case 429, 500...: .unreachable
            default: .invalid
            }
        var message = "error: \(detail)\(code)"
        if let wait = response.field("retry-after") { message += "\n  Try again in \(wait) s." }
        if response.status >= 500, let id = problem?["request_id"]?.stringValue { message += "\n  Request \(id)" }
        return CommandFailure(status, message)
    }

    private static func text(_ query: [String: String]) -> String {
        guard !query.isEmpty else { return "" }
        let pairs = query.sorted { $0.key < $1.key }.map { "\($0.key)=\(percentEncoded($0.value))" }
        return "?" + pairs.joined(separator: "&")
    }
}
