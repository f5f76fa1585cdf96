import Access
import HTTP
import JSON
import NIOCore
import Testing

@testable import API

@Suite("Server-sent events", .timeLimit(.minutes(5)))
struct EventTests {
    struct Event: Sendable {
        var name = ""
        var id: String?
        var data: JSONValue = .null
    }

    /// Reads a stream event by event.
    struct Reader {
        let stream: HTTPClientStream
        var buffer = ""

        static func open(_ api: APIFixture, _ path: String = "/v1/events", after: String? = nil) async throws -> Reader
        {
            var fields: HTTPFields = ["authorization": "Bearer \(try api.token(.viewer))"]
            if let after { fields["last-event-id"] = after }
            let stream = api.connection.request(HTTPClientRequest(method: "GET", path: path, fields: fields))
            let head = try await stream.response()
            #expect(head.status == 200 && head.fields["content-type"] == "text/event-stream")
            return Reader(stream: stream)
        }

        /// The next named event; comments are passed over.
        mutating func next() async throws -> Event? {
            while true {
                if let end = buffer.firstRange(of: "\n\n") {
                    let text = buffer[..<end.lowerBound]
                    var event = Event()
                    for line in text.split(separator: "\n") {
                        if line.hasPrefix("event: ") { event.name = String(line.dropFirst(7)) }
                        if line.hasPrefix("id: ") { event.id = String(line.dropFirst(4)) }
                        if line.hasPrefix("data: ") { event.data = try JSONValue(parsing: String(line.dropFirst(6))) }
                    }
                    buffer = String(buffer[end.upperBound...])
                    if !event.name.isEmpty { return event }
                    continue
                }
                guard let more = try await stream.body.next() else { return nil }
                buffer += String(buffer: more)
            }
        }
    }

    private func start(_ api: APIFixture) async throws -> String {
        let run = try await api.send("POST", "/v1/runs", json: #"{"workflow":"f"}"#)
        return try #require(run.json?["id"]?.stringValue)
    }

    @Test("changes arrive as RunChange, for all runs or one; a reader comes back where it was")
    func changes() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a"])
            var all = try await Reader.open(api)
            let first = try await start(api)
            var event = try #require(try await all.next())
            #expect(event.name == "run" && event.data["run"] == .string(first) && event.data["workflow"] == "f")
            let schema = try #require(OpenAPIDocument.shared.root["components"]?["schemas"]?["RunChange"])
            try OpenAPIDocument.shared.check(event.data, schema, at: "RunChange")
            let position = try #require(event.id)

            let second = try await start(api)
            var one = try await Reader.open(api, "/v1/events?run=\(second)", after: position)
            event = try #require(try await one.next())
            #expect(event.data["run"] == .string(second))
            _ = try await api.send("POST", "/v1/runs/\(second)/cancel")
            repeat { event = try #require(try await one.next()) } while event.data["state"] != "cancelled"
            one.stream.reset()

            // The first reader goes away and comes back: everything since its last id, nothing before.
            all.stream.reset()
            var back = try await Reader.open(api, after: position)
            event = try #require(try await back.next())
            #expect(event.data["run"] == .string(second))
            back.stream.reset()
        }
    }

    @Test("a position that is not ours, or of another epoch, is told to resynchronise")
    func resync() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a"])
            for position in ["nonsense", "999999.5.1"] {
                var reader = try await Reader.open(api, after: position)
                #expect(try await reader.next()?.name == "resync")
                reader.stream.reset()
            }
        }
    }

    @Test("another tenant's events never arrive")
    func tenants() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a"], tenant: "other")
            try await api.apply("f", steps: ["a"])
            var reader = try await Reader.open(api)
            _ = try await api.send("POST", "/v1/runs", tenant: "other", json: #"{"workflow":"f"}"#)
            let own = try await start(api)
            #expect(try await reader.next()?.data["run"] == .string(own))
            reader.stream.reset()
        }
    }

    @Test("a drain ends the streams")
    func drain() async throws {
        try await APIFixture.run { api in
            var reader = try await Reader.open(api)
            api.api.drain()
            #expect(try await reader.next() == nil)
        }
    }
}

extension EventTests.Event: Equatable {}
