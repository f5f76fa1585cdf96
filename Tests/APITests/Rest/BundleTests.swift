import Access
import HTTP
import JSON
import PostgresStore
import Protobuf
import Testing

@Suite("REST: bundles, limits and preconditions", .timeLimit(.minutes(5)))
struct BundleTests {
    private static func text(slots: Int = 2, weight: Int = 3, workflows: [String] = ["w"]) -> String {
        """
        bundle: team/b
        queues:
          - name: team/q
            weight: \(weight)
        limits:
          - { name: shelf, slots: \(slots) }
        workflows:
        """
            + workflows.map { name in
                """

                  - name: \(name)
                    queue: team/q
                    concurrency: { key: shelf, scope: tenant }
                    steps: [{ id: a, uses: noop }]
                """
            }.joined() + "\n"
    }

    private static func apply(
        _ api: APIFixture, _ text: String, _ query: String = "", as role: Role = .developer, fields: HTTPFields = [:]
    ) async throws -> APIFixture.Answer {
        var fields = fields
        fields["content-type"] = "application/yaml"
        return try await api.send("POST", "/v1/apply\(query)", as: role, json: text, fields: fields)
    }

    private static func actions(_ answer: APIFixture.Answer) -> [String] {
        (answer.json?["changes"]?.arrayValue ?? []).map { change in
            let version = change["version"]?.intValue.map { " v\($0)" } ?? ""
            return "\(change["action"]?.stringValue ?? "") \(change["kind"]?.stringValue ?? "") "
                + "\(change["name"]?.stringValue ?? "")\(version)"
        }
    }

    @Test("several queues of one bundle are set up, changed and removed together; one stands behind an open breaker")
    func queues() async throws {
        try await APIFixture.run { api in
            _ = try await api.send("PUT", "/v1/breakers/noop", json: "{}")
            _ = try await api.send("POST", "/v1/breakers/noop/trip", json: #"{"for":"1h"}"#)
            for weight in [2, 3] {
                let text =
                    "bundle: many\nqueues: [{ name: one, weight: \(weight) }, { name: two, weight: \(weight) }]\n"
                #expect(try await Self.apply(api, text).status == 200)
                for name in ["one", "two"] {
                    let queue = try await api.send("GET", "/v1/queues/\(name)")
                    #expect(queue.json?["weight"]?.intValue == Int64(weight))
                }
            }
            let pruned = try await Self.apply(api, "bundle: many\nlimits: [{ name: l, slots: 1 }]\n", "?prune=true")
            #expect(pruned.status == 200)
            #expect(try await api.send("GET", "/v1/queues/two").status == 404)
            #expect(try await api.store.auditTokens().isEmpty)
        }
    }

    @Test("a bundle from its first version on: dry run, apply, no change, change, prune")
    func life() async throws {
        try await APIFixture.run { api in
            let dry = try await Self.apply(api, Self.text(), "?dry_run=true")
            #expect(dry.json?["dry_run"] == true && dry.json?["changed"] == true)
            #expect(Self.actions(dry) == ["create queue team/q", "create run_limit shelf", "create workflow w"])
            #expect(try await api.send("GET", "/v1/bundles").json?["bundles"] == [])
            #expect(try await api.send("GET", "/v1/workflows/w").status == 404)

            let first = try await Self.apply(api, Self.text(), fields: ["if-none-match": "*"])
            #expect(first.json?["bundles"] == [["name": "team/b", "version": 1, "changed": true]])
            #expect(
                Self.actions(first) == ["create queue team/q v2", "create run_limit shelf v1", "create workflow w v1"])
            let shown = try await api.send("GET", "/v1/bundles/team%2Fb", as: .viewer)
            #expect(shown.fields["etag"] == "\"1\"" && shown.json?["applied_by"] == "ada")
            #expect(shown.json?["source"]?.stringValue == Self.text())
            #expect(shown.json?["resources"]?[2] == ["kind": "workflow", "name": "w", "version": 1])
            let workflow = try await api.send("GET", "/v1/workflows/w")
            #expect(workflow.json?["source"]?.stringValue?.hasPrefix("name: w\nqueue: team/q\n") == true)
            #expect(try await api.send("GET", "/v1/queues/team%2Fq").json?["weight"] == 3)

            let again = try await Self.apply(api, Self.text())
            #expect(again.json?["changed"] == false && again.json?["bundles"]?[0]?["version"] == 1)
            #expect(Set(Self.actions(again).map { $0.prefix(9) }) == ["unchanged"])

            let run = try await api.send("POST", "/v1/runs", json: #"{"workflow":"w"}"#)
            let second = try await Self.apply(api, Self.text(slots: 5, workflows: ["v"]), fields: ["if-match": "\"1\""])
            #expect(
                Self.actions(second) == [
                    "unchanged queue team/q v2", "change run_limit shelf v2", "create workflow v v1",
                    "keep workflow w v1",
                ])
            #expect(
                second.json?["changes"]?[1]?["differences"] == [["path": "slots", "before": 2, "after": 5]])
            let late = try await Self.apply(api, Self.text(), fields: ["if-match": "\"1\""])
            #expect(late.status == 412 && late.fields["etag"] == "\"2\"" && late.json?["code"] == "version_mismatch")

            let third = try await Self.apply(api, Self.text(slots: 5, workflows: ["v"]), "?prune=true")
            #expect(Self.actions(third).last == "remove workflow w v1" && third.json?["bundles"]?[0]?["version"] == 3)
            #expect(try await api.send("POST", "/v1/runs", json: #"{"workflow":"w"}"#).status == 404)
            #expect(try await api.send("GET", "/v1/workflows/w/versions").status == 404)
            let listed = try await api.send("GET", "/v1/workflows").json?["workflows"]?.arrayValue
            #expect(listed?.map { $0["name"] } == ["v"])
            // The run that is under way keeps its version.
            let id = try #require(run.json?["id"]?.stringValue)
            try await api.working {
                let ended = try await api.ended(id)
                #expect(ended.workflow == "w" && ended.version == 1 && ended.state == "succeeded")
            }

            let versions = try await api.send("GET", "/v1/bundles/team%2Fb/versions").json?["versions"]?.arrayValue
            #expect(versions?.compactMap { $0["version"]?.intValue } == [3, 2, 1])
            let old = try await api.send("GET", "/v1/bundles/team%2Fb?version=1")
            #expect(old.json?["source"] == shown.json?["source"])
            // The name is free again, and its versions go on.
            let back = try await Self.apply(api, Self.text(slots: 5, workflows: ["v", "w"]))
            #expect(Self.actions(back).last == "create workflow w v1")
        }
    }

    @Test("all or nothing: one thing that cannot go keeps everything as it was")
    func allOrNothing() async throws {
        try await APIFixture.run { api in
            #expect(try await Self.apply(api, Self.text()).status == 200)
            #expect(try await api.send("POST", "/v1/runs", json: #"{"workflow":"w"}"#).status == 201)
            let stuck = "bundle: team/b\nworkflows: [{ name: new, steps: [{ id: a, uses: noop }] }]\n"
            let refused = try await Self.apply(api, stuck, "?prune=true")
            #expect(refused.status == 409 && refused.json?["code"] == "queue_not_empty")
            #expect(try await api.send("GET", "/v1/workflows/new").status == 404)
            #expect(try await api.send("GET", "/v1/workflows/w").status == 200)
            #expect(try await api.send("GET", "/v1/limits/runs/shelf").json?["slots"] == 2)
            #expect(try await api.send("GET", "/v1/bundles/team%2Fb").fields["etag"] == "\"1\"")

            let taken = try await Self.apply(api, "bundle: other\nlimits: [{ name: shelf, slots: 9 }]\n")
            #expect(taken.status == 409 && taken.json?["code"] == "resource_owned")
            #expect(taken.json?["detail"]?.stringValue?.contains("team/b") == true)
        }
    }

    @Test("several files: every problem of every file, and what may not be applied by whom")
    func files() async throws {
        try await APIFixture.run { api in
            func files(_ contents: [(String, String)]) -> String {
                let files = contents.map { name, content -> JSONValue in
                    ["name": .string(name), "content": .string(content)]
                }
                return JSONValue.object([("files", .array(files))]).text()
            }
            let bad = try await api.send(
                "POST", "/v1/apply",
                json: files([
                    ("a.yaml", "bundle: a\nqueues: [{ name: q, weight: 0 }]\n"), ("b.yaml", "name: w\nsteps: 3\n"),
                ]))
            #expect(bad.status == 422 && bad.json?["code"] == "invalid_definition")
            let places = (bad.json?["diagnostics"]?.arrayValue ?? []).map {
                "\($0["path"]?.stringValue ?? ""):\($0["line"]?.intValue ?? 0):\($0["column"]?.intValue ?? 0)"
            }
            #expect(places == ["a.yaml:2:29", "b.yaml:2:8"])
            #expect(bad.json?["rendered"]?.stringValue?.hasSuffix("2 errors; nothing applied.\n") == true)

            let good = try await api.send(
                "POST", "/v1/apply",
                json: files([
                    ("a.yaml", "bundle: a\nqueues: [{ name: q }]\n"),
                    ("w.yaml", "name: w\nqueue: q\nsteps: [{ id: a, uses: noop }]\n"),
                ]))
            #expect(Self.actions(good) == ["create queue q v2", "create workflow w v1"])
            for body in ["{}", #"{"files":[]}"#, #"{"files":[{"name":"a"}]}"#, #"{"files":[1]}"#] {
                let answer = try await api.send("POST", "/v1/apply", json: body)
                #expect(answer.status == 400 && answer.json?["code"] == "invalid_body", "\(body)")
            }
            #expect(try await Self.apply(api, Self.text(), "?prune=yes").json?["code"] == "invalid_parameter")
            #expect(try await Self.apply(api, Self.text(), as: .operator).status == 403)
            #expect(try await Self.apply(api, Self.text(), as: .viewer).status == 403)
            // Who may apply one workflow may not declare a queue with it.
            _ = try await api.send(
                "PUT", "/v1/roles/author", json: #"{"permissions":["workflows:apply","workflows:read"]}"#)
            let key = try await api.send("POST", "/v1/keys", json: #"{"name":"k","roles":["author"]}"#)
            let bearer = "Bearer \(try #require(key.json?["key"]?.stringValue))"
            let both = try await api.send(
                "POST", "/v1/apply", as: nil, json: Self.text(),
                fields: ["authorization": bearer, "content-type": "application/yaml"])
            #expect(both.status == 403 && both.json?["detail"]?.stringValue?.contains("queues") == true)
            let one = try await api.send(
                "POST", "/v1/apply", as: nil, json: "name: mine\nsteps: [{ id: a, uses: noop }]\n",
                fields: ["authorization": bearer, "content-type": "application/yaml"])
            #expect(one.status == 200)
        }
    }

    @Test("many at once: each change is one version, and none is lost")
    func race() async throws {
        try await APIFixture.run { api in
            let versions = try await withThrowingTaskGroup(of: Int64?.self) { group in
                for weight in 1...8 {
                    group.addTask {
                        let answer = try await Self.apply(api, Self.text(slots: weight, weight: weight))
                        return answer.status == 200 ? answer.json?["bundles"]?[0]?["version"]?.intValue : nil
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let made = versions.compactMap { $0 }.sorted()
            #expect(made == Array(1...Int64(made.count)) && made.count >= 1)
            let newest = try await api.send("GET", "/v1/bundles/team%2Fb")
            #expect(newest.json?["version"]?.intValue == made.last)
            // What stands is what the newest version says, as a whole.
            let weight = try await api.send("GET", "/v1/queues/team%2Fq").json?["weight"]
            #expect(try await api.send("GET", "/v1/limits/runs/shelf").json?["slots"] == weight)
            let source = try #require(newest.json?["source"]?.stringValue)
            #expect(try await Self.apply(api, source).json?["changed"] == false)
        }
    }

    @Test("a declared limit counts before the definitions', and new slots let in who waits")
    func limits() async throws {
        try await APIFixture.run { api in
            let made = try await api.send(
                "PUT", "/v1/limits/runs/shelf", as: .developer, json: #"{"slots":0}"#, fields: ["if-none-match": "*"])
            #expect(made.status == 201 && made.fields["etag"] == "\"1\"")
            #expect(made.json == ["name": "shelf", "of": "runs", "slots": 0, "version": 1])
            let source =
                #"{"name":"w","concurrency":{"key":"shelf","limit":5,"scope":"tenant"},"steps":[{"id":"a","uses":"noop"}]}"#
            #expect(try await api.send("POST", "/v1/workflows", json: source).status == 201)
            let run = try await api.send("POST", "/v1/runs", json: #"{"workflow":"w"}"#)
            let id = try #require(run.json?["id"]?.stringValue)
            let waits = try await api.send("GET", "/v1/runs/\(id)/explain").json?["waits"]?[0]
            #expect(waits?["reason"] == "limit" && waits?["limit"]?["slots"] == 0)

            let more = try await api.send(
                "PUT", "/v1/limits/runs/shelf", json: #"{"slots":1}"#, fields: ["if-match": "\"1\""])
            #expect(more.status == 200 && more.json?["version"] == 2)
            try await api.working {
                let ended = try await api.ended(id)
                #expect(ended.state == "succeeded")
            }

            let late = try await api.send(
                "PUT", "/v1/limits/runs/shelf", json: #"{"slots":3}"#, fields: ["if-match": "\"1\""])
            #expect(late.status == 412 && late.fields["etag"] == "\"2\"")
            let twice = try await api.send(
                "PUT", "/v1/limits/runs/shelf", json: #"{"slots":3}"#, fields: ["if-none-match": "*"])
            #expect(twice.status == 412 && twice.fields["etag"] == "\"2\"")
            #expect(try await api.send("GET", "/v1/limits").json?["limits"]?.arrayValue?.count == 1)
            for body in [#"{"slots":-1}"#, #"{"slots":"1"}"#, "{}"] {
                #expect(try await api.send("PUT", "/v1/limits/runs/shelf", json: body).status == 400)
            }
            #expect(try await api.send("PUT", "/v1/limits/hours/shelf", json: #"{"slots":1}"#).status == 400)
            #expect(try await api.send("PUT", "/v1/limits/runs/shelf", as: .operator, json: "{}").status == 403)
            #expect(try await api.send("DELETE", "/v1/limits/runs/shelf", fields: ["if-match": "\"1\""]).status == 412)
            #expect(try await api.send("DELETE", "/v1/limits/runs/shelf").status == 204)
            #expect(try await api.send("DELETE", "/v1/limits/runs/shelf").status == 404)
        }
    }

    @Test("a definition is changed by whoever has seen its newest version")
    func definitions() async throws {
        try await APIFixture.run { api in
            func source(_ step: String) -> String { TestDefinitions.source("w", steps: [step]) }
            let absent = try await api.send("POST", "/v1/workflows", json: source("a"), fields: ["if-match": "*"])
            #expect(absent.status == 412 && absent.fields["etag"] == nil)
            let made = try await api.send("POST", "/v1/workflows", json: source("a"), fields: ["if-none-match": "*"])
            #expect(made.status == 201 && made.json?["version"] == 1)
            let tag = try #require(try await api.send("GET", "/v1/workflows/w").fields["etag"])
            let twice = try await api.send("POST", "/v1/workflows", json: source("b"), fields: ["if-none-match": "*"])
            #expect(twice.status == 412 && twice.fields["etag"] == tag)
            let same = try await api.send("POST", "/v1/workflows", json: source("a"), fields: ["if-match": tag])
            #expect(same.status == 200 && same.json?["changed"] == false)
            let next = try await api.send("POST", "/v1/workflows", json: source("b"), fields: ["if-match": tag])
            #expect(next.status == 201 && next.json?["version"] == 2)
            let late = try await api.send("POST", "/v1/workflows", json: source("c"), fields: ["if-match": tag])
            #expect(late.status == 412 && late.json?["code"] == "version_mismatch")
            let newest = try await api.send("GET", "/v1/workflows/w")
            #expect(late.fields["etag"] == newest.fields["etag"] && newest.fields["etag"] != tag)
        }
    }
}
