import Access
import Engine
import HTTP
import JSON
import Workflows

/// `/v1/queues`.
struct QueueRoutes: Sendable {
    let queues: QueueOperations

    var routes: [Route] {
        [
            Route("GET", "/v1/queues", "listQueues", list),
            Route("GET", "/v1/queues/{name}", "getQueue", get),
            Route("PUT", "/v1/queues/{name}", "putQueue", put),
            Route("DELETE", "/v1/queues/{name}", "deleteQueue", delete),
            Route("POST", "/v1/queues/{name}/pause", "pauseQueue", pause),
            Route("POST", "/v1/queues/{name}/resume", "resumeQueue", resume),
            Route("POST", "/v1/queues/{name}/drain", "drainQueue", drain),
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let found = try await queues.list(tenant: call.caller.tenant)
        return .json { writer in
            writer.object { members in members.member("queues") { $0.array(found) { $0.queue($1) } } }
        }
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        .queue(try await queues.queue(try call.queueName(), tenant: call.caller.tenant))
    }

    private func put(_ call: Call) async throws -> HTTPResponse {
        let name = try call.queueName()
        let condition = try call.condition(takesAbsence: true)
        let settings = try QueueSettings(
            try await call.object(
                limit: 16 << 10, members: ["discipline", "boost", "weight", "strict", "concurrency"]))
        let (queue, isNew) = try await queues.put(name, settings, if: condition, tenant: call.caller.tenant)
        return .queue(queue, status: isNew ? 201 : 200)
    }

    private func delete(_ call: Call) async throws -> HTTPResponse {
        try await queues.delete(try call.queueName(), if: try call.condition(), tenant: call.caller.tenant)
        return HTTPResponse(status: 204)
    }

    private func pause(_ call: Call) async throws -> HTTPResponse {
        .queue(try await queues.pause(try call.queueName(), if: try call.condition(), tenant: call.caller.tenant))
    }

    private func resume(_ call: Call) async throws -> HTTPResponse {
        .queue(try await queues.resume(try call.queueName(), if: try call.condition(), tenant: call.caller.tenant))
    }

    private func drain(_ call: Call) async throws -> HTTPResponse {
        .queue(try await queues.drain(try call.queueName(), if: try call.condition(), tenant: call.caller.tenant))
    }
}

extension HTTPResponse {
    fileprivate static func queue(_ queue: QueueRecord, status: Int = 200) -> HTTPResponse {
        .json(status, fields: ["etag": "\"\(queue.version)\""]) { $0.queue(queue) }
    }
}

extension Call {
    /// The name of a queue, as definitions may write it.
    fileprivate func queueName() throws(Problem) -> String {
        let name = parameter("name")
        guard ResourceName.isValid(name) else {
            throw Problem(
                400, "invalid_parameter",
                "\"\(name)\" is no name of a queue: small letters, digits and - _ . in parts separated by slashes.")
        }
        return name
    }

    /// What `If-Match` and `If-None-Match` say (RFC 9110 §13.1).
    func condition(
        of what: String = "queue", takesAbsence: Bool = false
    ) throws(Problem) -> QueueOperations.Condition {
        if let field = request.fields["if-none-match"] {
            guard takesAbsence, field == "*", !request.fields.contains("if-match") else {
                throw Problem(
                    400, "invalid_condition",
                    "If-None-Match is taken as * only, without If-Match, and not by this operation unless it can create."
                )
            }
            return .absent
        }
        guard let field = request.fields["if-match"] else { return .any }
        if field == "*" { return .present(nil) }
        guard field.count > 2, field.first == "\"", field.last == "\"",
            let version = Int64(field.dropFirst().dropLast()), version > 0
        else {
            throw Problem(
                400, "invalid_condition",
                "If-Match must be the ETag of the \(what), as \"3\" with its quotes, or *; it is \(field).")
        }
        return .present(version)
    }
}

extension QueueSettings {
    /// - Throws: 400 `invalid_body`.
    fileprivate init(_ body: JSONObject) throws(Problem) {
        self.init()
        if let value = body["discipline"] {
            guard let discipline = value.stringValue.flatMap({ QueueDiscipline(text: $0) }) else {
                let known = QueueDiscipline.allCases.map(\.text).joined(separator: ", ")
                throw Self.invalid("discipline must be one of \(known)")
            }
            order.discipline = discipline
        }
        if let value = body["boost"] {
            guard let boost = value.stringValue.flatMap({ try? Duration(parsing: $0) }),
                (.milliseconds(1) ... .seconds(86_400)).contains(boost)
            else { throw Self.invalid("boost must be a duration from 1ms to 24h, such as 1m") }
            order.boost = boost
        }
        if let value = body["weight"] { weight = try value.integer("weight", in: Self.weights) }
        if let value = body["concurrency"] { concurrency = try value.integer("concurrency", in: 0...1_000_000) }
        if let value = body["strict"] {
            guard let flag = value.boolValue else { throw Self.invalid("strict must be true or false") }
            isStrict = flag
        }
    }

    private static func invalid(_ detail: String) -> Problem { Problem(400, "invalid_body", detail + ".") }
}
