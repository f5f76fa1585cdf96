import Engine
import HTTP
import JSON
import Workflows

/// `/v1/breakers`.
struct BreakerRoutes: Sendable {
    let breakers: BreakerOperations

    var routes: [Route] {
        [
            Route("GET", "/v1/breakers", "listBreakers", list),
            Route("GET", "/v1/breakers/{name}", "getBreaker", get),
            Route("PUT", "/v1/breakers/{name}", "putBreaker", put),
            Route("DELETE", "/v1/breakers/{name}", "deleteBreaker", delete),
            Route("POST", "/v1/breakers/{name}/reset", "resetBreaker", reset),
            Route("POST", "/v1/breakers/{name}/trip", "tripBreaker", trip),
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let found = try await breakers.list(tenant: call.caller.tenant)
        return .json { writer in
            writer.object { members in members.member("breakers") { $0.array(found) { $0.breaker($1) } } }
        }
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        let breaker = try await breakers.breaker(try call.breakerName(), tenant: call.caller.tenant)
        return .json { $0.breaker(breaker) }
    }

    private func put(_ call: Call) async throws -> HTTPResponse {
        let taskType = try call.taskType()
        let rule = try BreakerRule(
            try await call.object(limit: 16 << 10, members: ["failures", "ratio", "window", "open", "probes"]))
        let (breaker, isNew) = try await breakers.put(taskType, rule, tenant: call.caller.tenant)
        return .json(isNew ? 201 : 200) { $0.breaker(breaker) }
    }

    private func delete(_ call: Call) async throws -> HTTPResponse {
        try await breakers.delete(try call.breakerName(), tenant: call.caller.tenant)
        return HTTPResponse(status: 204)
    }

    private func reset(_ call: Call) async throws -> HTTPResponse {
        let breaker = try await breakers.reset(try call.breakerName(), tenant: call.caller.tenant)
        return .json { $0.breaker(breaker) }
    }

    private func trip(_ call: Call) async throws -> HTTPResponse {
        let name = try call.breakerName()
        let time = try BreakerRule.time(try await call.object(limit: 16 << 10, members: ["for"])["for"], "for")
        let breaker = try await breakers.trip(name, for: time, tenant: call.caller.tenant)
        return .json { $0.breaker(breaker) }
    }
}

extension Call {
    fileprivate func breakerName() throws(Problem) -> String {
        try BreakerName.checked(parameter("name"), code: "invalid_parameter")
    }

    fileprivate func taskType() throws(Problem) -> String {
        try BreakerName.taskType(parameter("name"), code: "invalid_parameter")
    }
}

extension BreakerRule {
    /// - Throws: 400 `invalid_body`.
    fileprivate init(_ body: JSONObject) throws(Problem) {
        self.init()
        if let value = body["failures"] { failures = try value.integer("failures", in: Self.counts) }
        if let value = body["probes"] { probes = try value.integer("probes", in: 1...Self.mostProbes) }
        if let value = body["ratio"] {
            guard let number = value.doubleValue, number > 0, number <= 1 else {
                throw Self.invalid("ratio must be a number above 0 and at most 1")
            }
            ratio = number
        }
        if let time = try Self.time(body["window"], "window") {
            guard Self.windows.contains(time) else { throw Self.invalid("window must be from 1s to 24h") }
            window = time
        }
        if let time = try Self.time(body["open"], "open") { pause = time }
    }

    /// A duration for which a breaker may be open.
    fileprivate static func time(_ value: JSONValue?, _ name: String) throws(Problem) -> Duration? {
        guard let value else { return nil }
        let isWindow = name == "window"
        guard let time = value.stringValue.flatMap({ try? Duration(parsing: $0) }),
            isWindow || pauses.contains(time)
        else { throw invalid("\(name) must be a duration\(isWindow ? "" : " from 10ms to 7d"), such as 1m") }
        return time
    }

    private static func invalid(_ detail: String) -> Problem { Problem(400, "invalid_body", detail + ".") }
}
