import Access
import HTTP
import JSON
import Logging
import NIOCore
import Testing

@testable import API

@Suite("The role matrix over every entry point", .serialized, .timeLimit(.minutes(5)))
struct RoleMatrixTests {
    @Test("the table has each operation of openapi.yaml and each gRPC method that is served, and nothing else")
    func complete() async throws {
        try await APIFixture.run { api in
            let rest = EntryPoints.all.filter { $0.kind == .rest }.map(\.name)
            #expect(Set(rest) == Set(OpenAPIDocument.shared.operations.map(\.id)))
            #expect(Set(rest) == Set(api.api.operations.map(\.id)))
            let grpc = EntryPoints.all.filter { $0.kind == .grpc }.map { "/\($0.name)" }
            #expect(Set(grpc) == Set(api.api.methods))
        }
    }

    @Test("REST: without a token 401, and each role gets the answer that docs/permissions.md has")
    func rest() async throws {
        try await APIFixture.run { api in
            var refusals = 0
            for operation in OpenAPIDocument.shared.operations where !operation.isOpen {
                let rule = try #require(EntryPoints.rule(operation: operation.id))
                let path = operation.path.replacing("{id}", with: "01HZZZZZZZZZZZZZZZZZZZZZZZ").replacing(
                    "{name}", with: "nothing")
                let answer = try await api.send(operation.method, path, as: nil)
                #expect(answer.status == 401 && answer.json?["code"] == "token_missing", "\(operation.id)")
                #expect(answer.fields["www-authenticate"]?.hasPrefix("Bearer") == true)
                for role in Role.allCases {
                    let isAdmitted = rule.admits(role.permissions)
                    // A stream that is open has no end to wait for; EventTests has those.
                    if isAdmitted, operation.id == "streamEvents" { continue }
                    let answer = try await api.send(operation.method, path, as: role)
                    let isRefused = answer.status == 403 && answer.json?["code"] == "forbidden"
                    #expect(isRefused != isAdmitted, "\(operation.id) as \(role): \(answer.status) \(answer.text)")
                    #expect(answer.status < 500 || answer.json?["code"] == "unavailable", "\(operation.id) as \(role)")
                    refusals += isRefused ? 1 : 0
                }
            }
            #expect(refusals > 50)
        }
    }

    @Test("gRPC: the same, as unauthenticated and permission-denied")
    func grpc() async throws {
        try await APIFixture.run { api in
            for path in api.api.methods {
                let rule = try #require(EntryPoints.rule(path: path))
                #expect(try await Self.status(api, path, bearer: nil) == "16", "\(path)")
                for role in Role.allCases {
                    let status = try await Self.status(api, path, bearer: try api.token(role))
                    #expect((status == "7") != rule.admits(role.permissions), "\(path) as \(role): \(status ?? "-")")
                    #expect(status != "16" && status != "13")
                }
            }
        }
    }

    /// What a call with an empty message is answered before any message of its own: `nil` when it was let in.
    private static func status(_ api: APIFixture, _ path: String, bearer: String?) async throws -> String? {
        var fields: HTTPFields = ["content-type": "application/grpc", "te": "trailers"]
        if let bearer { fields["authorization"] = "Bearer \(bearer)" }
        let connection = try await HTTP2Connection.connect(to: api.address, logger: .init(label: "test"))
        let stream = connection.request(
            HTTPClientRequest(
                method: "POST", path: path, fields: fields, body: .bytes(ByteBuffer(bytes: [0, 0, 0, 0, 0]))))
        let head = try await stream.response()
        stream.reset()
        await connection.close()
        return head.fields["grpc-status"]
    }

    @Test("a custom role allows what it has; a grant opens one workflow, or those of a namespace, and no other")
    func grants() async throws {
        try await APIFixture.run { api in
            for name in ["deploy", "ci/build", "other"] { try await api.apply(name, steps: ["a"]) }
            let role = try await api.send(
                "PUT", "/v1/roles/release", json: #"{"permissions":["runs:start","runs:read","workflows:read"]}"#)
            #expect(role.status == 200 && role.json?["permissions"] == ["runs:read", "runs:start", "workflows:read"])
            for (kind, name) in [("workflow", "deploy"), ("namespace", "ci")] {
                let body = #"{"subject":"ada","role":"release","kind":"\#(kind)","name":"\#(name)"}"#
                #expect(try await api.send("POST", "/v1/grants", json: body).status == 201)
            }
            // A worker of that subject may do what the grants say, and nothing on the whole tenant.
            func start(_ workflow: String, _ credential: String) async throws -> APIFixture.Answer {
                try await api.send(
                    "POST", "/v1/runs", as: nil, json: #"{"workflow":"\#(workflow)"}"#,
                    fields: ["authorization": "Bearer \(credential)"])
            }
            func get(_ path: String, _ credential: String) async throws -> Int {
                try await api.send("GET", path, as: nil, fields: ["authorization": "Bearer \(credential)"]).status
            }
            let ada = try api.token(.worker)
            let started = try await start("deploy", ada)
            #expect(started.status == 201)
            #expect(try await start("ci/build", ada).status == 201)
            #expect(try await start("other", ada).status == 403)
            #expect(try await start("nothing", ada).status == 403)
            let id = started.json?["id"]?.stringValue ?? ""
            #expect(try await get("/v1/runs/\(id)", ada) == 200)
            #expect(try await get("/v1/runs?workflow=deploy", ada) == 200)
            #expect(try await get("/v1/runs?workflow=other", ada) == 403)
            #expect(try await get("/v1/runs", ada) == 403)
            #expect(try await get("/v1/workflows/ci%2Fbuild", ada) == 200)
            #expect(try await get("/v1/workflows/other", ada) == 403)
            #expect(try await get("/v1/workflows", ada) == 403)
            #expect(try await get("/v1/runs/\(id)/logs", ada) == 403)
            let foreign = try await api.send("POST", "/v1/runs", json: #"{"workflow":"other"}"#)
            #expect(try await get("/v1/runs/\(foreign.json?["id"]?.stringValue ?? "")", ada) == 403)
            // The role by its name in a token is on the whole tenant.
            let eve = try api.minter.mint(
                subject: "eve", tenant: "acme", roles: [], customRoles: ["release"], lifetime: 600,
                now: APIFixture.now, id: "e")
            #expect(try await start("other", eve).status == 201)
            #expect(try await get("/v1/workers", eve) == 403)
            // The other tenant has no such role, so the name allows nothing there.
            let stranger = try api.minter.mint(
                subject: "ada", tenant: "other", roles: [], customRoles: ["release"], lifetime: 600,
                now: APIFixture.now, id: "s")
            #expect(try await get("/v1/runs?workflow=deploy", stranger) == 403)
        }
    }

    @Test("nobody hands out what they do not have")
    func ceiling() async throws {
        try await APIFixture.run { api in
            _ = try await api.send("PUT", "/v1/roles/keys", json: #"{"permissions":["keys:manage","roles:manage"]}"#)
            let clerk = try api.minter.mint(
                subject: "clerk", tenant: "acme", roles: [.viewer], customRoles: ["keys"], lifetime: 600,
                now: APIFixture.now, id: "c")
            let fields: HTTPFields = ["authorization": "Bearer \(clerk)"]
            func code(_ method: String, _ path: String, _ body: String) async throws -> JSONValue? {
                try await api.send(method, path, as: nil, json: body, fields: fields).json?["code"]
            }
            #expect(try await code("POST", "/v1/keys", #"{"name":"k","roles":["viewer"]}"#) == nil)
            #expect(try await code("POST", "/v1/keys", #"{"name":"k","roles":["operator"]}"#) == "forbidden")
            #expect(try await code("POST", "/v1/keys", #"{"name":"k","roles":["platform-admin"]}"#) == "forbidden")
            #expect(
                try await code(
                    "POST", "/v1/keys", #"{"name":"k","grants":[{"role":"admin","kind":"workflow","name":"w"}]}"#)
                    == "forbidden")
            #expect(try await code("POST", "/v1/keys", #"{"name":"k","roles":["nothing"]}"#) == "role_not_found")
            #expect(try await code("PUT", "/v1/roles/keys", #"{"permissions":["secrets:write"]}"#) == "forbidden")
            #expect(try await code("PUT", "/v1/roles/keys", #"{"permissions":["runs:fly"]}"#) == "invalid_role")
            #expect(try await code("PUT", "/v1/roles/admin", #"{"permissions":["runs:read"]}"#) == "invalid_role")
            #expect(
                try await code(
                    "POST", "/v1/grants", #"{"subject":"clerk","role":"developer","kind":"namespace","name":"n"}"#)
                    == "forbidden")
            // Not even a tenant's admin makes a platform's.
            #expect(
                try await api.send("POST", "/v1/keys", json: #"{"name":"k","roles":["platform-admin"]}"#).status == 403)
        }
    }
}
