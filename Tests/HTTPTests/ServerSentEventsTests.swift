import HTTP
import NIOCore
import Testing

@Suite("Server-sent events", .timeLimit(.minutes(1)))
struct ServerSentEventsTests {
    @Test(
        "encoding",
        arguments: [
            (ServerSentEvent(data: "a"), "data: a\n\n"),
            (
                ServerSentEvent(id: "7", event: "run", data: "a\nb\r\nc\rd", retry: 500),
                "id: 7\nevent: run\nretry: 500\ndata: a\ndata: b\ndata: c\ndata: d\n\n"
            ),
            (ServerSentEvent(id: "1\n2", event: "x\r\ny", data: ""), "id: 12\nevent: xy\ndata: \n\n"),
        ])
    func encodes(_ event: ServerSentEvent, _ text: String) {
        #expect(String(buffer: event.encoded()) == text)
    }

    @Test func reachesABrowserOverHTTP1() async throws {
        let handler: HTTPHandler = { _ in
            ServerSentEvents.response { events in
                for number in 1...3 { try await events.send(ServerSentEvent(id: "\(number)", data: "n\(number)")) }
            }
        }
        try await withServer(handler: handler) { _, address in
            let client = try await RawClient.connect(to: address)
            try await client.send("GET /events HTTP/1.1\r\nhost: a\r\n\r\n")
            let text = try await client.readText(until: "0\r\n\r\n")
            #expect(text.contains("content-type: text/event-stream"))
            #expect(text.contains("id: 3\ndata: n3\n\n"))
        }
    }

    @Test func aStuckClientHoldsNoMemoryAndResyncs() async throws {
        let filled = Signal()
        let again = Signal()
        let handler: HTTPHandler = { _ in
            ServerSentEvents.response(limit: 10_000) { events in
                let event = ServerSentEvent(id: "1", data: String(repeating: "x", count: 1_000)).encoded()
                var refused = 0
                var most = 0
                while refused < 200, !events.isOver {
                    if !events.offer(event) { refused += 1 }
                    most = max(most, events.buffered)
                    await Task.yield()
                }
                #expect(refused == 200)
                #expect(most <= 10_000)
                #expect(events.buffered < 2_000, "what had not begun to leave is gone")
                filled.fire()
                await again.wait()
                try await events.waitForRoom()
                while !events.offer(ServerSentEvent(id: "last", data: "end")), !events.isOver { await Task.yield() }
            }
        }
        try await withServer(handler: handler) { _, address in
            let connection = try await HTTP2Connection.connect(to: address, logger: quiet)
            let stream = connection.request(HTTPClientRequest(path: "/"))
            _ = try await stream.response()
            await filled.wait()
            again.fire()
            var text = ""
            while let piece = try await stream.body.next() { text += String(buffer: piece) }
            #expect(text.hasSuffix("event: resync\ndata: {}\n\nid: last\ndata: end\n\n"))
            #expect(text.hasPrefix(":\n\nid: 1\n"))
            await connection.close()
        }
    }

    @Test func aClientThatLeavesEndsTheProducer() async throws {
        let started = Signal()
        let ended = Signal()
        let handler: HTTPHandler = { _ in
            ServerSentEvents.response { events in
                started.fire()
                do { try await Task.sleep(for: .seconds(60)) } catch { ended.fire() }
                #expect(events.isOver)
                #expect(!events.offer(ServerSentEvent(data: "late")))
            }
        }
        try await withServer(handler: handler) { _, address in
            let connection = try await HTTP2Connection.connect(to: address, logger: quiet)
            let stream = connection.request(HTTPClientRequest(path: "/"))
            await started.wait()
            stream.reset()
            await ended.wait()
            await connection.close()
        }
    }
}
