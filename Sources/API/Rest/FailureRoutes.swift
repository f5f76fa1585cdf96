import Access
import Engine
import HTTP
import JSON
import Telemetry
import Workflows

/// `/v1/dead-letters`, and reruns.
struct FailureRoutes: Sendable {
    let failures: FailureOperations
    let runs: RunOperations

    var routes: [Route] {
        [
            Route(
                "GET", "/v1/dead-letters", "listDeadLetters", parameters: ["filter", "page_size", "cursor"], list),
            Route("GET", "/v1/dead-letters/{id}", "getDeadLetter", get),
            Route("POST", "/v1/dead-letters/{id}/redrive", "redriveDeadLetter", redrive),
            Route("POST", "/v1/runs/{id}/rerun", "rerunRun", rerun),
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let page = try await failures.list(
            filter: call.query["filter"], before: try Cursor.deadLetter(call.query["cursor"]),
            pageSize: try call.query.pageSize, tenant: call.caller.tenant)
        return .page("dead_letters", page.letters, next: page.next.map { Cursor.text($0) }) { $0.deadLetter($1) }
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        let found = try await failures.letter(try id(call), call.caller, to: .readRuns)
        return .json { $0.deadLetter(found.letter, attempts: found.attempts) }
    }

    private func redrive(_ call: Call) async throws -> HTTPResponse {
        let id = try id(call)
        let body = try await call.object(limit: RunOperations.inputLimit + 4096, members: ["input"], optional: true)
        let summary = try await failures.redrive(id, input: try Self.object("input", in: body), call.caller)
        return .json { $0.runSummary(summary) }
    }

    private func rerun(_ call: Call) async throws -> HTTPResponse {
        let run = try call.run()
        let body = try await call.object(
            limit: 2 * RunOperations.inputLimit + 4096, members: ["from", "step", "input", "step_input"],
            optional: true)
        let rerun = try await failures.rerun(
            run, scope: try Self.scope(body), input: try Self.object("input", in: body),
            idempotencyKey: call.request.fields["idempotency-key"],
            digest: Digest(of: Array("\(run)".utf8) + JSONValue.object(body).bytes()).bytes, call.caller)
        return .json(
            rerun.created ? 201 : 200, fields: ["location": "/v1/runs/\(rerun.summary.key.run)"]
        ) { $0.runSummary(rerun.summary) }
    }

    private static func scope(_ body: JSONObject) throws(Problem) -> RerunCommand.Scope {
        let stepInput = try object("step_input", in: body)
        if let given = body["step"] {
            guard let step = given.stringValue, body["from"] == nil else {
                throw Problem(400, "invalid_body", "step must be a string, and stands without from.")
            }
            return .step(step, input: stepInput)
        }
        guard stepInput == nil else {
            throw Problem(400, "invalid_body", "step_input belongs to the field step, which is missing.")
        }
        switch body["from"]?.stringValue {
        case "start": return .whole
        case "failed": return .failed
        case nil where body["from"] == nil: return .whole
        default:
            throw Problem(
                400, "invalid_body", "from must be \"start\" or \"failed\"; name a step by the field step.")
        }
    }

    private static func object(_ name: String, in body: JSONObject) throws(Problem) -> [UInt8]? {
        guard let value = body[name] else { return nil }
        guard case .object = value else {
            throw Problem(422, "invalid_input", "\(name) must be an object; it is of type \(value.typeName).")
        }
        return value.bytes()
    }

    private func id(_ call: Call) throws(Problem) -> DeadLetterID { try DeadLetterID(named: call.parameter("id")) }
}
