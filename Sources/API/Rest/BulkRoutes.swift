import Access
import Engine
import HTTP
import JSON
import Workflows

/// `/v1/bulk`: one thing done to many runs, as a job.
struct BulkRoutes: Sendable {
    let bulk: BulkOperations

    var routes: [Route] {
        [
            Route("GET", "/v1/bulk", "listBulkJobs", parameters: ["page_size", "cursor"], list),
            Route("POST", "/v1/bulk", "createBulkJob", create),
            Route("GET", "/v1/bulk/{id}", "getBulkJob", get),
            Route("POST", "/v1/bulk/{id}/cancel", "cancelBulkJob", cancel),
            Route(
                "GET", "/v1/bulk/{id}/runs", "listBulkRuns", parameters: ["outcome", "page_size", "cursor"], results),
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let size = try call.query.pageSize
        let jobs = try await bulk.list(
            before: try Cursor.run(call.query["cursor"])?.bytes, pageSize: size, call.caller)
        let next = jobs.count == size ? jobs.last.map { Cursor.text(RunID($0.id)) } : nil
        return .page("jobs", jobs, next: next) { $0.bulkJob($1) }
    }

    private func create(_ call: Call) async throws -> HTTPResponse {
        let body = try await call.object(
            limit: 64 << 10,
            members: ["action", "filter", "rate", "max_replays", "reason", "dry_run", "expected"])
        let order = try Self.order(body, by: call.caller.principal.subject)
        try bulk.permit(order.action, call.caller)
        if try Self.flag("dry_run", in: body) {
            let match = try await bulk.match(order, call.caller)
            return .json { $0.bulkMatch(match) }
        }
        let expected = try Self.integer("expected", in: body, from: 0, to: BulkJob.mostRuns)
        let job = try await bulk.create(order, expected: expected, call.caller)
        return .json(201, fields: ["location": "/v1/bulk/\(job.id)"]) { $0.bulkJob(job) }
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        let job = try await bulk.job(try Self.id(call), call.caller)
        return .json { $0.bulkJob(job) }
    }

    private func cancel(_ call: Call) async throws -> HTTPResponse {
        let job = try await bulk.cancel(try Self.id(call), call.caller)
        return .json { $0.bulkJob(job) }
    }

    private func results(_ call: Call) async throws -> HTTPResponse {
        var outcome: BulkJob.Outcome?
        if let given = call.query["outcome"] {
            outcome = BulkJob.Outcome.allCases.first { $0.text == given }
            guard outcome != nil else {
                let known = BulkJob.Outcome.allCases.map(\.text).joined(separator: ", ")
                throw Problem(400, "invalid_parameter", "There is no outcome \"\(given)\"; known: \(known).")
            }
        }
        let size = try call.query.pageSize
        let results = try await bulk.results(
            of: try Self.id(call), outcome: outcome, after: try Cursor.number(call.query["cursor"]) ?? 0,
            pageSize: size, call.caller)
        let next = results.count == size ? results.last.map { Cursor.text(number: $0.item.number) } : nil
        return .page("runs", results, next: next) { $0.bulkResult($1) }
    }

    // MARK: Reading the request

    private static func order(_ body: JSONObject, by subject: String) throws(Problem) -> BulkJob.Order {
        guard let action = body["action"]?.stringValue.flatMap(BulkJob.Action.init(text:)) else {
            let known = BulkJob.Action.allCases.map(\.text).joined(separator: ", ")
            throw Problem(400, "invalid_body", "The body needs the field action: \(known).")
        }
        guard let filter = body["filter"]?.stringValue, filter.contains(where: { $0 != " " }) else {
            throw Problem(
                400, "invalid_body",
                "The body needs the field filter, which is not empty; created:>2000-01-01 takes every run.")
        }
        var reason: String?
        if let given = body["reason"] {
            guard let text = given.stringValue, text.utf8.count <= 1000, !text.utf8.contains(0) else {
                throw Problem(400, "invalid_body", "reason must be a string of at most 1000 bytes.")
            }
            reason = text
        }
        let rate = try integer("rate", in: body, from: 1, to: 10_000)
        let replays = try integer("max_replays", in: body, from: 1, to: 1000)
        return BulkJob.Order(
            action: action, filter: filter, rate: rate.map { Int32($0) },
            mostReplays: replays.map { Int32($0) } ?? Engine.mostReplays, reason: reason, by: subject)
    }

    private static func integer(
        _ name: String, in body: JSONObject, from least: Int, to most: Int
    ) throws(Problem) -> Int? {
        guard let value = body[name] else { return nil }
        guard let number = value.intValue.flatMap({ Int(exactly: $0) }), (least...most).contains(number) else {
            throw Problem(400, "invalid_body", "\(name) must be an integer from \(least) to \(most).")
        }
        return number
    }

    private static func flag(_ name: String, in body: JSONObject) throws(Problem) -> Bool {
        guard let value = body[name] else { return false }
        guard let flag = value.boolValue else { throw Problem(400, "invalid_body", "\(name) must be true or false.") }
        return flag
    }

    private static func id(_ call: Call) throws(Problem) -> RunID.Bytes {
        guard let id = RunID.Bytes(call.parameter("id")) else {
            throw Problem(
                400, "invalid_job_id", "\"\(call.parameter("id"))\" is no job's id; it has 26 characters.")
        }
        return id
    }
}
