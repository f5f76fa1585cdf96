import Access
import GRPC
import HTTP
import JSON
import Protobuf
import Testing

@testable import API

@Suite("Two tenants over every entry point", .serialized, .timeLimit(.minutes(5)))
struct IsolationTests {
    /// What acme has; each name has this in it, so that it can be looked for in what the other is answered.
    private static let mark = "zqx"

    private struct Things {
        var run: String
        var key: String
        var keyText: String
        /// Of a run whose approval was rejected.
        var letter: String
        var job: String
        static let workflow = "zqxflow"
        static let queue = "zqxqueue"
        static let breaker = "zqxtype"
        static let role = "zqxrole"
        static let secret = "zqxsecret"
        static let tokenID = "zqxtoken"
        static let bundle = "zqxbundle"
        static let limit = "zqxlimit"
    }

    private static func make(_ api: APIFixture) async throws -> Things {
        try await api.apply(Things.workflow, steps: ["a"])
        let run = try await api.send("POST", "/v1/runs", json: #"{"workflow":"\#(Things.workflow)"}"#)
        let key = try await api.send("POST", "/v1/keys", json: #"{"name":"zqxkey","roles":["viewer"]}"#)
        _ = try await api.send("PUT", "/v1/roles/\(Things.role)", json: #"{"permissions":["runs:read"]}"#)
        _ = try await api.send(
            "POST", "/v1/grants",
            json: #"{"subject":"zqxsubject","role":"viewer","kind":"workflow","name":"\#(Things.workflow)"}"#)
        _ = try await api.send("PUT", "/v1/secrets/\(Things.secret)", json: #"{"value":"zqxvalue"}"#)
        let queue = try await api.send("PUT", "/v1/queues/\(Things.queue)", json: #"{"weight":3}"#)
        #expect(queue.status == 201)
        _ = try await api.send(
            "POST", "/v1/workflows", json: #"{"name":"zqxask","steps":[{"id":"zqxstep","uses":"approval","with":{}}]}"#)
        let asked = try await api.send("POST", "/v1/runs", json: #"{"workflow":"zqxask"}"#)
        let failed = try #require(asked.json?["id"]?.stringValue)
        _ = try await api.send("POST", "/v1/runs/\(failed)/approvals/zqxstep", json: #"{"decision":"reject"}"#)
        let job = try await api.send("POST", "/v1/bulk", json: #"{"action":"pause","filter":"workflow:zqxnone"}"#)
        let letters = try await api.send("GET", "/v1/dead-letters")
        let breaker = try await api.send("PUT", "/v1/breakers/\(Things.breaker)", json: #"{"failures":3}"#)
        #expect(breaker.status == 201)
        let bundle = try await api.send(
            "POST", "/v1/apply", json: "bundle: \(Things.bundle)\nlimits: [{ name: \(Things.limit), slots: 3 }]\n",
            fields: ["content-type": "application/yaml"])
        #expect(bundle.status == 200)
        return Things(
            run: try #require(run.json?["id"]?.stringValue), key: try #require(key.json?["id"]?.stringValue),
            keyText: try #require(key.json?["key"]?.stringValue),
            letter: try #require(letters.json?["dead_letters"]?[0]?["id"]?.stringValue),
            job: try #require(job.json?["id"]?.stringValue))
    }

    /// One request for each operation that names something: with acme's name, and with one that nobody has.
    private static func requests(_ things: Things) -> [(operation: String, path: String, body: String?)] {
        [
            ("getRun", "/v1/runs/\(things.run)", nil), ("cancelRun", "/v1/runs/\(things.run)/cancel", nil),
            ("explainRun", "/v1/runs/\(things.run)/explain", nil),
            ("pauseRun", "/v1/runs/\(things.run)/pause", nil), ("resumeRun", "/v1/runs/\(things.run)/resume", nil),
            ("signalRun", "/v1/runs/\(things.run)/signals/go", "{}"),
            ("decideApproval", "/v1/runs/\(things.run)/approvals/a", #"{"decision":"approve"}"#),
            ("delegateApproval", "/v1/runs/\(things.run)/approvals/a/delegate", #"{"to":"bob"}"#),
            ("listApprovals", "/v1/approvals?run=\(things.run)", nil),
            ("rerunRun", "/v1/runs/\(things.run)/rerun", nil),
            ("getDeadLetter", "/v1/dead-letters/\(things.letter)", nil),
            ("redriveDeadLetter", "/v1/dead-letters/\(things.letter)/redrive", nil),
            ("getBulkJob", "/v1/bulk/\(things.job)", nil), ("cancelBulkJob", "/v1/bulk/\(things.job)/cancel", nil),
            ("listBulkRuns", "/v1/bulk/\(things.job)/runs", nil),
            (
                "createBulkJob", "/v1/bulk",
                #"{"action":"cancel","filter":"workflow:\#(Things.workflow)","dry_run":true}"#
            ),
            ("listLogs", "/v1/runs/\(things.run)/logs", nil),
            ("listLogs", "/v1/runs/\(things.run)/logs?step=a", nil),
            ("listRuns", "/v1/runs?workflow=\(Things.workflow)", nil),
            ("startRun", "/v1/runs", #"{"workflow":"\#(Things.workflow)"}"#),
            ("getWorkflow", "/v1/workflows/\(Things.workflow)", nil),
            ("getWorkflow", "/v1/workflows/\(Things.workflow)?version=1", nil),
            ("listWorkflowVersions", "/v1/workflows/\(Things.workflow)/versions", nil),
            ("getBundle", "/v1/bundles/\(Things.bundle)", nil),
            ("getBundle", "/v1/bundles/\(Things.bundle)?version=1", nil),
            ("listBundleVersions", "/v1/bundles/\(Things.bundle)/versions", nil),
            ("getLimit", "/v1/limits/runs/\(Things.limit)", nil),
            ("deleteLimit", "/v1/limits/runs/\(Things.limit)", nil),
            ("getQueue", "/v1/queues/\(Things.queue)", nil), ("pauseQueue", "/v1/queues/\(Things.queue)/pause", nil),
            ("resumeQueue", "/v1/queues/\(Things.queue)/resume", nil),
            ("drainQueue", "/v1/queues/\(Things.queue)/drain", nil), ("deleteQueue", "/v1/queues/\(Things.queue)", nil),
            ("getBreaker", "/v1/breakers/\(Things.breaker)", nil),
            ("resetBreaker", "/v1/breakers/\(Things.breaker)/reset", nil),
            ("tripBreaker", "/v1/breakers/\(Things.breaker)/trip", "{}"),
            ("deleteBreaker", "/v1/breakers/\(Things.breaker)", nil),
            ("revokeKey", "/v1/keys/\(things.key)", nil), ("revokeToken", "/v1/tokens/\(Things.tokenID)", nil),
            ("deleteRole", "/v1/roles/\(Things.role)", nil),
            (
                "removeGrant", "/v1/grants/remove",
                #"{"subject":"zqxsubject","role":"viewer","kind":"workflow","name":"\#(Things.workflow)"}"#
            ),
            ("getUser", "/v1/users/zqxsubject", nil), ("resumeUser", "/v1/users/zqxsubject/resume", nil),
            ("suspendUser", "/v1/users/zqxsubject/suspend", nil),
            ("endUserSessions", "/v1/users/zqxsubject/sessions", nil),
            ("createKey", "/v1/keys", #"{"name":"k","roles":["\#(Things.role)"]}"#),
            ("addGrant", "/v1/grants", #"{"subject":"s","role":"\#(Things.role)","kind":"queue","name":"q"}"#),
            ("deleteSecret", "/v1/secrets/\(Things.secret)", nil),
            ("suspendTenant", "/v1/tenants/acme/suspend", nil), ("resumeTenant", "/v1/tenants/acme/resume", nil),
            ("getQuotas", "/v1/tenants/acme/quotas", nil),
            ("putQuotas", "/v1/tenants/acme/quotas", #"{"limits":{}}"#),
            // These make the other tenant's own thing, whoever has one of that name.
            ("putQueue", "/v1/queues/\(Things.queue)", #"{"weight":7}"#),
            ("putBreaker", "/v1/breakers/\(Things.breaker)", #"{"failures":9}"#),
            ("putLimit", "/v1/limits/runs/\(Things.limit)", #"{"slots":7}"#),
            (
                "applyBundle", "/v1/apply",
                #"{"files":[{"name":"f","content":"bundle: \#(Things.bundle)\nlimits: [{name: \#(Things.limit), slots: 8}]"}]}"#
            ),
            ("putRole", "/v1/roles/\(Things.role)", #"{"permissions":["runs:start"]}"#),
            ("setSecret", "/v1/secrets/\(Things.secret)", #"{"value":"mine"}"#),
        ]
    }

    /// Those that name nothing: what they answer must not have acme's mark.
    private static let lists: [(operation: String, path: String)] = [
        ("getMetrics", "/metrics"), ("getSession", "/v1/session"), ("getOverview", "/v1/overview"),
        ("listRuns", "/v1/runs"), ("listDeadLetters", "/v1/dead-letters"), ("listBulkJobs", "/v1/bulk"),
        ("listApprovals", "/v1/approvals"),
        ("listWorkflows", "/v1/workflows"),
        ("listWorkers", "/v1/workers"),
        ("getSupervisionTree", "/v1/system/tree"), ("listKeys", "/v1/keys"), ("listRoles", "/v1/roles"),
        ("listGrants", "/v1/grants"), ("listQueues", "/v1/queues"), ("listBreakers", "/v1/breakers"),
        ("listSecrets", "/v1/secrets"),
        ("listTenants", "/v1/tenants"), ("listUsers", "/v1/users"), ("listBundles", "/v1/bundles"),
        ("listLimits", "/v1/limits"),
        ("getUsage", "/v1/usage"),
        ("listAudit", "/v1/audit"),
    ]

    /// Neither name something that may be another's, nor read anything of a tenant's; streams have tests of their own.
    private static let others: Set = [
        "createSessionCode", "deleteSession", "applyWorkflow", "validateWorkflow", "rotateSecrets", "streamEvents",
    ]

    @Test("REST: acme's things answer another's admin as things do that nobody has, and stand in no list")
    func rest() async throws {
        try await APIFixture.run { api in
            let things = try await Self.make(api)
            let known = Set(Self.requests(things).map(\.operation) + Self.lists.map(\.operation)).union(Self.others)
            let operations = OpenAPIDocument.shared.operations
            #expect(known == Set(operations.filter { !$0.isOpen }.map(\.id)))
            func method(_ id: String) throws -> String { try #require(operations.first { $0.id == id }).method }
            for (operation, path) in Self.lists {
                let answer = try await api.send(method(operation), path, tenant: "other")
                #expect(!answer.text.contains(Self.mark), "\(operation): \(answer.text)")
                #expect(!answer.text.contains(things.run) && !answer.text.contains(things.key), "\(operation)")
            }
            // The same names, with another end: nobody has those.
            let nobody = { (text: String) in
                text.replacing(things.run, with: String(things.run.dropLast(4)) + "0000")
                    .replacing(things.job, with: "00000000000000000000000002")
                    .replacing(things.letter, with: "00000000000000000000000001-1")
                    .replacing(things.key, with: "blk_00000000").replacing("/acme/", with: "/nobody/")
                    .replacing(Self.mark, with: "nnn")
            }
            for (operation, path, body) in Self.requests(things) {
                let real = try await api.send(method(operation), path, tenant: "other", json: body)
                let absent = try await api.send(
                    method(operation), nobody(path), tenant: "other", json: body.map(nobody))
                #expect(real.status == absent.status, "\(operation): \(real.text) \(absent.text)")
                #expect(real.json?["code"] == absent.json?["code"], "\(operation)")
                let details = [real, absent].map { nobody($0.json?["detail"]?.stringValue ?? "") }
                #expect(details[0] == details[1], "\(operation)")
            }
            // And nothing of it was touched.
            #expect(try await api.send("GET", "/v1/runs/\(things.run)").json?["state"] == "running")
            let bearer: HTTPFields = ["authorization": "Bearer \(things.keyText)"]
            #expect(try await api.send("GET", "/v1/runs", as: nil, fields: bearer).status == 200)
            let roles = try await api.send("GET", "/v1/roles").json?["roles"]?.arrayValue
            #expect(roles?.last?["permissions"] == ["runs:read"])
            #expect(try await api.send("GET", "/v1/grants").json?["grants"]?.arrayValue?.count == 1)
            let users = try await api.send("GET", "/v1/users").json?["users"]?.arrayValue
            #expect(users?.map { $0["subject"] } == ["zqxsubject"] && users?[0]["suspended_at"] == nil)
            let queue = try await api.send("GET", "/v1/queues/\(Things.queue)")
            #expect(queue.json?["weight"] == 3 && queue.json?["paused"] == false)
            let breaker = try await api.send("GET", "/v1/breakers/\(Things.breaker)")
            #expect(breaker.json?["failures"] == 3 && breaker.json?["state"] == "closed")
            #expect(try await api.send("GET", "/v1/secrets").json?["secrets"]?[0]?["updated_by"] == "ada")
            let limit = try await api.send("GET", "/v1/limits/runs/\(Things.limit)")
            #expect(limit.json?["slots"] == 3 && limit.json?["bundle"]?.stringValue == Things.bundle)
        }
    }

    @Test("gRPC: the same")
    func grpc() async throws {
        try await APIFixture.run { api in
            let things = try await Self.make(api)
            let other = try api.channel(.admin, tenant: "other")
            func code(_ body: () async throws -> Void) async -> String? {
                do {
                    try await body()
                    return nil
                } catch { return (error as? GRPCStatus)?.reason }
            }
            for run in [things.run, String(things.run.dropLast(4)) + "0000"] {
                #expect(
                    await code { _ = try await other.unary(BeamlineV1.RunService.getRun, .init(runID: run)) }
                        == "run_not_found")
                #expect(
                    await code { _ = try await other.unary(BeamlineV1.RunService.cancelRun, .init(runID: run)) }
                        == "run_not_found")
                #expect(
                    await code {
                        let watch = try await other.serverStreaming(BeamlineV1.RunService.watchRun, .init(runID: run))
                        for try await _ in watch.responses {}
                    } == "run_not_found")
            }
            for name in [Things.workflow, "nobody"] {
                #expect(
                    await code { _ = try await other.unary(BeamlineV1.RunService.startRun, .init(workflow: name)) }
                        == "workflow_not_found")
                #expect(
                    await code {
                        _ = try await other.unary(BeamlineV1.WorkflowService.getWorkflow, .init(name: name))
                    } == "workflow_not_found")
            }
            for run in [things.run, String(things.run.dropLast(4)) + "0000"] {
                #expect(
                    await code { _ = try await other.unary(BeamlineV1.RunService.explainRun, .init(runID: run)) }
                        == "run_not_found")
                #expect(
                    await code { _ = try await other.unary(BeamlineV1.FailureService.rerunRun, .init(runID: run)) }
                        == "run_not_found")
            }
            for id in [things.letter, "00000000000000000000000001-1"] {
                #expect(
                    await code { _ = try await other.unary(BeamlineV1.FailureService.getDeadLetter, .init(id: id)) }
                        == "dead_letter_not_found")
                #expect(
                    await code { _ = try await other.unary(BeamlineV1.FailureService.redriveDeadLetter, .init(id: id)) }
                        == "dead_letter_not_found")
            }
            for id in [things.job, "00000000000000000000000002"] {
                #expect(
                    await code { _ = try await other.unary(BeamlineV1.BulkService.getBulkJob, .init(id: id)) }
                        == "job_not_found")
                #expect(
                    await code { _ = try await other.unary(BeamlineV1.BulkService.cancelBulkJob, .init(id: id)) }
                        == "job_not_found")
                #expect(
                    await code { _ = try await other.unary(BeamlineV1.BulkService.listBulkRuns, .init(id: id)) }
                        == "job_not_found")
            }
            for name in [Things.breaker, "nobody"] {
                #expect(
                    await code { _ = try await other.unary(BeamlineV1.BreakerService.getBreaker, .init(name: name)) }
                        == "breaker_not_found")
                #expect(
                    await code { _ = try await other.unary(BeamlineV1.BreakerService.tripBreaker, .init(name: name)) }
                        == "breaker_not_found")
                #expect(
                    await code { _ = try await other.unary(BeamlineV1.BreakerService.resetBreaker, .init(name: name)) }
                        == "breaker_not_found")
                #expect(
                    await code {
                        _ = try await other.unary(BeamlineV1.BreakerService.deleteBreaker, .init(taskType: name))
                    } == "breaker_not_found")
            }
            for name in [Things.limit, "nobody"] {
                let get = BeamlineV1.GetLimitRequest(name: name, of: "runs")
                let delete = BeamlineV1.DeleteLimitRequest(name: name, of: "runs")
                #expect(
                    await code { _ = try await other.unary(BeamlineV1.LimitService.getLimit, get) } == "limit_not_found"
                )
                #expect(
                    await code { _ = try await other.unary(BeamlineV1.LimitService.deleteLimit, delete) }
                        == "limit_not_found")
            }
            // What the other makes under the same name is its own, and a job finds only its own runs.
            _ = try await other.unary(BeamlineV1.BreakerService.putBreaker, .init(taskType: Things.breaker))
            _ = try await other.unary(
                BeamlineV1.LimitService.putLimit, .init(name: Things.limit, of: "runs", slots: 9))
            #expect(try await api.send("GET", "/v1/breakers/\(Things.breaker)").json?["failures"] == 3)
            #expect(try await api.send("GET", "/v1/limits/runs/\(Things.limit)").json?["slots"] == 3)
            let order = BeamlineV1.BulkOrder(action: "cancel", filter: "workflow:\(Things.workflow)")
            #expect(try await other.unary(BeamlineV1.BulkService.matchBulkJob, order).matches == 0)
            let made = try await other.unary(BeamlineV1.BulkService.createBulkJob, .init(order: order))
            #expect(made.total == 0)
            #expect(
                try await other.unary(BeamlineV1.BulkService.listBulkJobs, .init()).jobs.map(\.id) == [made.id])
            #expect(try await other.unary(BeamlineV1.FailureService.listDeadLetters, .init()).deadLetters.isEmpty)
            let breakers = try await other.unary(BeamlineV1.BreakerService.listBreakers, .init()).breakers
            #expect(breakers.map(\.rule?.failures) == [5])
            #expect(try await other.unary(BeamlineV1.LimitService.listLimits, .init()).limits.map(\.slots) == [9])
            let uses = try await other.unary(BeamlineV1.LimitService.getUsage, .init()).uses
            #expect(uses.first { $0.quota == "active_runs" }?.measured == .used(0))
            #expect(try await other.unary(BeamlineV1.RunService.listRuns, .init()).runs.isEmpty)
            #expect(try await other.unary(BeamlineV1.WorkflowService.listWorkflows, .init()).workflows.isEmpty)
            await other.close()
        }
    }
}
