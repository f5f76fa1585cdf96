import Glibc
import HTTPClient
import Testing

@Suite("Outgoing HTTP", .timeLimit(.minutes(1)))
struct HTTPClientTests {
    let client = HTTPClient()

    @Test func anAnswerComesWithStatusFieldsAndBody() async throws {
        let server = try CannedServer("HTTP/1.1 201 Created\r\nX-Thing: one\r\nContent-Length: 5\r\n\r\nhello")
        var request = OutgoingRequest(method: "POST", url: server.url, body: Array("question".utf8))
        request.fields = [("X-Asked", "yes")]
        let answer = try await client.send(request)
        #expect(answer.status == 201)
        #expect(answer.field("x-thing") == "one")
        #expect(answer.body == Array("hello".utf8))
        let heard = server.heard()
        #expect(heard.hasPrefix("POST / HTTP/1.1\r\n"))
        #expect(heard.contains("X-Asked: yes\r\n"))
        #expect(heard.hasSuffix("\r\n\r\nquestion"))
    }

    @Test func aBodyOverTheLimitEndsTheRequest() async throws {
        let server = try CannedServer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        var request = OutgoingRequest(url: server.url)
        request.bodyLimit = 4
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(request) }
        #expect(error?.kind == .bodyTooLarge)
    }

    @Test func nobodyThere() async throws {
        // A port that was bound and given back: nothing listens there.
        let port = try CannedServer("").closedPort()
        let error = await #expect(throws: HTTPClientError.self) {
            try await client.send(OutgoingRequest(url: "http://127.0.0.1:\(port)/"))
        }
        #expect(error?.kind == .unreachable)
    }

    @Test(arguments: ["file:///etc/passwd", "gopher://127.0.0.1/", "http://"]) func onlyHTTPIsSpoken(url: String) async
    {
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(OutgoingRequest(url: url)) }
        #expect(error?.kind == .invalidRequest)
    }

    @Test func aFieldThatWouldSplitTheHeadIsRefused() async {
        let request = OutgoingRequest(url: "http://127.0.0.1:1/", fields: [("X-A", "b\r\nX-C: d")])
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(request) }
        #expect(error?.kind == .invalidRequest)
    }

    @Test func aServerThatSaysNothingTimesOut() async throws {
        let server = try CannedServer(nil)
        let request = OutgoingRequest(url: server.url, timeout: .milliseconds(200))
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(request) }
        #expect(error?.kind == .timedOut)
    }

    @Test func cancellingTheTaskEndsTheRequest() async throws {
        let server = try CannedServer(nil)
        let (heard, said) = AsyncStream.makeStream(of: Void.self)
        server.onRequest { said.yield() }
        let task = Task { try await client.send(OutgoingRequest(url: server.url)) }
        for await _ in heard { break }
        task.cancel()
        let error = await #expect(throws: HTTPClientError.self) { try await task.value }
        #expect(error?.kind == .cancelled)
    }

    @Test func redirectsAreFollowedOnlyWhenAsked() async throws {
        let target = try CannedServer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        let server = try CannedServer("HTTP/1.1 302 Found\r\nLocation: \(target.url)\r\nContent-Length: 0\r\n\r\n")
        #expect(try await client.send(OutgoingRequest(url: server.url)).status == 302)
        let again = try CannedServer("HTTP/1.1 302 Found\r\nLocation: \(target.url)\r\nContent-Length: 0\r\n\r\n")
        var request = OutgoingRequest(url: again.url)
        request.redirects = 3
        #expect(try await client.send(request).body == Array("ok".utf8))
    }
}
