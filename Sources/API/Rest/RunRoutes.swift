import Access
import Engine
import HTTP
import JSON
import Workflows

/// `/v1/runs`.
struct RunRoutes: Sendable {
    let runs: RunOperations

    var routes: [Route] {
        [
            Route(
                "GET", "/v1/runs", "listRuns", parameters: ["state", "workflow", "filter", "page_size", "cursor"], list),
            Route("POST", "/v1/runs", "startRun", parameters: ["wait"], start),
            Route("GET", "/v1/runs/{id}", "getRun", get),
            Route("GET", "/v1/runs/{id}/explain", "explainRun", explain),
            Route("POST", "/v1/runs/{id}/cancel", "cancelRun", cancel),
            Route("POST", "/v1/runs/{id}/pause", "pauseRun", pause),
            Route("POST", "/v1/runs/{id}/resume", "resumeRun", resume),
            Route("POST", "/v1/runs/{id}/signals/{name}", "signalRun", signal),
            Route(
                "GET", "/v1/runs/{id}/logs", "listLogs", parameters: ["step", "attempt", "page_size", "cursor"], logs),
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let page = try await runs.list(
            states: try RunLifecycle.list((call.query["state"] ?? "").split(separator: ",").map(String.init)),
            workflow: try call.query.text("workflow"), filter: call.query["filter"],
            before: try Cursor.run(call.query["cursor"]),
            pageSize: try call.query.pageSize, tenant: call.caller.tenant)
        return .page("runs", page.runs, next: page.next.map { Cursor.text($0) }) { $0.runSummary($1) }
    }

    private func start(_ call: Call) async throws -> HTTPResponse {
        let wait = try call.query.duration("wait", limit: .seconds(60), limitText: "60s")
        let body = try await call.object(
            limit: RunOperations.inputLimit + 4096, members: ["workflow", "version", "input", "priority", "deadline"])
        guard let workflow = body["workflow"]?.stringValue else {
            throw Problem(400, "invalid_body", "The body needs the field workflow, a string.")
        }
        var version: Int32?
        if let given = body["version"] {
            guard let number = given.intValue.flatMap({ Int32(exactly: $0) }), number >= 1 else {
                throw Problem(400, "invalid_body", "version must be an integer from 1 to \(Int32.max).")
            }
            version = number
        }
        let input = body["input"] ?? .object(JSONObject())
        guard case .object = input else {
            throw Problem(422, "invalid_input", "input must be an object; it is of type \(input.typeName).")
        }
        let command = try runs.command(
            call.caller, workflow: workflow, version: version, input: input.bytes(),
            idempotencyKey: call.request.fields["idempotency-key"], priority: try Self.priority(body["priority"]),
            deadline: try Self.deadline(body["deadline"]))
        let started = try await runs.start(command)
        var location: HTTPFields = ["location": "/v1/runs/\(started.run)"]
        location.addWarnings(started.warnings)
        if let wait {
            let detail = try await runs.ended(started.run, tenant: call.caller.tenant, within: wait)
            return .json(200, fields: location) { $0.runSummary(detail.summary, output: detail.output) }
        }
        let summary = try await runs.summary(of: started, tenant: call.caller.tenant)
        return .json(started.created ? 201 : 200, fields: location) { $0.runSummary(summary) }
    }

    private static func priority(_ value: JSONValue?) throws(Problem) -> Int32? {
        guard let value else { return nil }
        guard let priority = value.intValue.flatMap({ Int32(exactly: $0) }), Standing.priorities.contains(priority)
        else { throw Problem(400, "invalid_body", "priority must be an integer from -1000 to 1000.") }
        return priority
    }

    private static func deadline(_ value: JSONValue?) throws(Problem) -> Duration? {
        guard let value else { return nil }
        guard let deadline = value.stringValue.flatMap({ try? Duration(parsing: $0) }), deadline > .zero else {
            throw Problem(400, "invalid_body", "deadline must be a duration such as 30m.")
        }
        return deadline
    }

    private func explain(_ call: Call) async throws -> HTTPResponse {
        let run = try call.run()
        let waits = try await runs.explain(run, call.caller)
        return .json { writer in
            writer.object { members in
                members.string("run", run.description)
                members.member("waits") { $0.array(waits) { $0.wait($1) } }
            }
        }
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        let view = try await runs.view(try call.run(), call.caller)
        return .json { $0.run(view) }
    }

    private func cancel(_ call: Call) async throws -> HTTPResponse {
        let run = try call.run()
        let body = try await call.object(limit: 16 << 10, members: ["reason"], optional: true)
        let reason = body["reason"] ?? .string("cancelled by \(call.caller.principal.subject)")
        guard let reason = reason.stringValue, reason.utf8.count <= 1000 else {
            throw Problem(400, "invalid_body", "reason must be a string of at most 1000 bytes.")
        }
        try await runs.cancel(run, reason: reason, call.caller)
        return try await summary(run, call, .cancelRuns)
    }

    private func pause(_ call: Call) async throws -> HTTPResponse {
        let run = try call.run()
        try await runs.pause(run, call.caller)
        return try await summary(run, call, .cancelRuns)
    }

    private func resume(_ call: Call) async throws -> HTTPResponse {
        let run = try call.run()
        try await runs.resume(run, call.caller)
        return try await summary(run, call, .cancelRuns)
    }

    private func signal(_ call: Call) async throws -> HTTPResponse {
        let run = try call.run()
        let body = try await call.object(limit: RunOperations.inputLimit, members: ["payload"], optional: true)
        let signal = try RunSignal(
            name: call.parameter("name"), key: call.request.fields["idempotency-key"] ?? call.requestID,
            payload: (body["payload"] ?? .null).bytes())
        try await runs.signal(run, signal, call.caller)
        return try await summary(run, call, .startRuns)
    }

    private func summary(_ run: RunID, _ call: Call, _ action: Action) async throws -> HTTPResponse {
        let detail = try await runs.detail(run, call.caller, to: action)
        return .json { $0.runSummary(detail.summary) }
    }

    private func logs(_ call: Call) async throws -> HTTPResponse {
        let after = try Cursor.position(call.query["cursor"])
        let page = try await runs.logs(
            try call.run(), step: try call.query.text("step"),
            attempt: try call.query.integer("attempt", in: 1...Int(Int32.max)).map { Int32($0) }, after: after,
            pageSize: try call.query.pageSize, call.caller)
        // The position before all lines, so that a reader of an attempt that has written nothing yet can go on.
        let last =
            page.lines.last.map {
                LogPosition(step: $0.line.step, attempt: $0.line.attempt, sequence: $0.line.sequence)
            } ?? after ?? LogPosition(step: 0, attempt: 0, sequence: -1)
        return .json { writer in
            writer.object { members in
                members.member("lines") { $0.array(page.lines) { $0.logLine($1.line, step: $1.step) } }
                members.string("cursor", Cursor.text(last))
                members.bool("more", page.more)
            }
        }
    }
}

extension RunLifecycle {
    /// States by their names in the API.
    static func list(_ names: [String]) throws(Problem) -> [RunLifecycle] {
        var states: [RunLifecycle] = []
        for name in names {
            guard let state = RunLifecycle(text: name) else {
                let known = RunLifecycle.allCases.map(\.text).joined(separator: ", ")
                throw Problem(400, "invalid_parameter", "There is no run state \"\(name)\"; known: \(known).")
            }
            states.append(state)
        }
        return states
    }
}
