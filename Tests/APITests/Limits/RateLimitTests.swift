import Access
import GRPC
import HTTP
import JSON
import Protobuf
import Testing

@testable import API

@Suite("Rate limits at the edge", .serialized, .timeLimit(.minutes(5)))
struct RateLimitTests {
    private static func rates(read: Int64? = nil, write: Int64? = nil, failures: Int64 = 1000) -> RatePolicies {
        var rates = RatePolicies()
        // Windows so long that nothing comes back while a test runs.
        rates.classes = [:]
        rates.classes[.read] = read.map { RatePolicy(limit: $0, window: 3600) }
        rates.classes[.write] = write.map { RatePolicy(limit: $0, window: 3600) }
        rates.failures = RatePolicy(limit: failures, window: 3600)
        return rates
    }

    @Test("a principal's requests of a class are counted over all of its tokens; the answer says how much is left")
    func principal() async throws {
        try await APIFixture.run(rates: Self.rates(read: 4, write: 2)) { api in
            let first = try await api.send("GET", "/v1/queues", as: .admin)
            #expect(first.status == 200 && first.fields["ratelimit"] == nil)
            _ = try await api.send("GET", "/v1/runs", as: .viewer)
            let third = try await api.send("GET", "/v1/queues", as: .operator)
            #expect(third.status == 200)
            #expect(third.fields["ratelimit-policy"] == #""read";q=4;w=3600"#)
            #expect(third.fields["ratelimit"]?.hasPrefix(#""read";r=1;t="#) == true)
            _ = try await api.send("GET", "/v1/workflows", as: .admin)
            let over = try await api.send("GET", "/v1/queues", as: .admin)
            #expect(over.status == 429 && over.json?["code"] == "rate_limited")
            #expect(over.fields["retry-after"].flatMap { Int($0) } ?? 0 > 0)
            #expect(over.fields["ratelimit"]?.hasPrefix(#""read";r=0;t="#) == true)
            // Another class, another tenant's principal of the same name, and submissions have their own.
            #expect(try await api.send("PUT", "/v1/queues/q", json: "{}").status == 201)
            #expect(try await api.send("GET", "/v1/queues", tenant: "other").status == 200)
            #expect(try await api.send("POST", "/v1/runs", json: #"{"workflow":"none"}"#).status == 404)
            #expect(try await api.send("GET", "/healthz", as: nil).status == 200)

            let grpc = try api.channel(.viewer)
            await #expect {
                _ = try await grpc.unary(BeamlineV1.RunService.listRuns, .init())
            } throws: { error in
                (error as? GRPCStatus)?.code == .resourceExhausted && (error as? GRPCStatus)?.reason == "rate_limited"
            }
            await grpc.close()
        }
    }

    @Test("an address that sends wrong credentials again and again waits; who is known already does not")
    func failures() async throws {
        try await APIFixture.run(rates: Self.rates(failures: 3)) { api in
            let mine: HTTPFields = ["authorization": "Bearer \(try api.token(.viewer))"]
            #expect(try await api.send("GET", "/v1/runs", as: nil, fields: mine).status == 200)
            let issued = try await api.send("POST", "/v1/session/codes", as: .viewer).json?["code"]?.stringValue ?? ""
            let signedIn = try await api.send(
                "POST", "/v1/session", as: nil, json: #"{"code":"\#(issued)"}"#,
                fields: ["sec-fetch-site": "same-origin"])
            let cookie: HTTPFields = ["cookie": String((signedIn.fields["set-cookie"] ?? "").prefix { $0 != ";" })]
            #expect(try await api.send("GET", "/v1/runs", as: nil, fields: cookie).status == 200)
            var generator = SystemRandomNumberGenerator()
            func wrong() async throws -> APIFixture.Answer {
                let key = APIKeyText(using: &generator).text
                return try await api.send("GET", "/v1/runs", as: nil, fields: ["authorization": "Bearer \(key)"])
            }
            #expect(try await wrong().status == 401)
            #expect(
                try await api.send("GET", "/v1/runs", as: nil, fields: ["authorization": "Bearer x.y.z"]).status == 401)
            let code = try await api.send(
                "POST", "/v1/session", as: nil, json: #"{"code":"nope"}"#, fields: ["sec-fetch-site": "same-origin"])
            #expect(code.status == 401)
            let over = try await wrong()
            #expect(over.status == 429 && over.json?["code"] == "too_many_failures")
            #expect(over.fields["retry-after"].flatMap { Int($0) } ?? 0 > 0)
            let again = try await api.send(
                "POST", "/v1/session", as: nil, json: #"{"code":"nope"}"#, fields: ["sec-fetch-site": "same-origin"])
            #expect(again.status == 429)
            #expect(try await api.send("GET", "/v1/runs", as: nil, fields: mine).status == 200)
            #expect(try await api.send("GET", "/v1/runs", as: nil, fields: cookie).status == 200)
        }
    }

    @Test(
        "addresses without ports; of IPv6 the network",
        arguments: [
            ("10.0.0.1:55", "10.0.0.1"), ("[2001:db8:1:2:3:4:5:6]:55", "2001:db8:1:2"), ("unix", "unix"),
            ("[2001:db8::9]:1", "2001:db8"), ("[::1]:5", "[::1]"),
        ])
    func addresses(_ peer: String, _ address: String) {
        #expect(RateLimiter.address(peer) == address)
    }
}
