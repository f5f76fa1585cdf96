import Foundation
import HTTP
import NIOCore
import Synchronization
import Testing

@Suite("HTTP/1.1 on the wire", .timeLimit(.minutes(1)))
struct HTTP1Tests {
    private func exchange(_ text: String, limits: HTTPLimits = HTTPLimits()) async throws -> String {
        try await withServer(limits: limits, handler: echo) { _, address in
            let client = try await RawClient.connect(to: address)
            try await client.send(text)
            return try await client.textToEnd()
        }
    }

    @Test func answersAndCloses() async throws {
        let answer = try await exchange("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.contains("\r\ncontent-length: 5\r\n"))
        #expect(answer.contains("\r\nconnection: close\r\n"))
        #expect(answer.hasSuffix("\r\n\r\nhello"))
    }

    @Test func keepsAliveAndPipelinesInOrder() async throws {
        let answer = try await exchange(
            "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\none"
                + "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\ntw\r\n1\r\no\r\n0\r\n\r\n"
                + "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        let bodies = answer.components(separatedBy: "\r\n\r\n").dropFirst()
        #expect(bodies.map { String($0.prefix(3)) } == ["one", "two", "hel"])
    }

    @Test(
        "ambiguous framing is refused",
        arguments: [
            "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
            "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcde",
            "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: +5\r\n\r\nabcde",
            "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length : 5\r\n\r\nabcde",
            "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nx: a\u{0}b\r\n\r\n",
            "NONSENSE\r\n\r\n",
        ])
    func refuses(_ request: String) async throws {
        let answer = try await exchange(request)
        #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"), "\(answer)")
        #expect(answer.contains("application/problem+json"))
        #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2, "one answer, then the end")
    }

    @Test func unknownCodingIsNotImplemented() async throws {
        let answer = try await exchange("POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 501 "))
    }

    @Test func largeHeadIs431() async throws {
        let answer = try await exchange(
            "GET / HTTP/1.1\r\nhost: a\r\nx: \(String(repeating: "y", count: 40_000))\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 431 "), "\(answer.prefix(80))")
    }

    @Test func manyLinesAre431() async throws {
        let lines = (0..<150).map { "x\($0): y\r\n" }.joined()
        let answer = try await exchange("GET / HTTP/1.1\r\nhost: a\r\n\(lines)\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 431 "), "\(answer.prefix(80))")
    }

    @Test func slowHeadIsCutOff() async throws {
        var limits = HTTPLimits()
        limits.headerTimeout = .milliseconds(300)
        try await withServer(limits: limits, handler: echo) { server, address in
            let client = try await RawClient.connect(to: address)
            try await client.send("GET / HTTP/1.1\r\nhost")
            #expect(try await client.readToEnd(within: .seconds(5)).isEmpty)
            #expect(server.metrics.timeouts.load(ordering: .relaxed) == 1)
            let silent = try await RawClient.connect(to: address)
            #expect(try await silent.readToEnd(within: .seconds(5)).isEmpty)
        }
    }

    @Test func continuesOnlyWhenTheHandlerReads() async throws {
        try await withServer(handler: echo) { _, address in
            let client = try await RawClient.connect(to: address)
            try await client.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n")
            let first = try await client.readText(until: "\r\n\r\n")
            #expect(first == "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send("ok")
            let all = try await client.readText(until: "\r\n\r\nok")
            #expect(all.contains("HTTP/1.1 200 OK"))
        }
        try await withServer(handler: { _ in .text("no need", status: 403) }) { _, address in
            let client = try await RawClient.connect(to: address)
            try await client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n")
            let answer = try await client.textToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 403 "))
            #expect(answer.contains("connection: close"))
        }
    }

    @Test func streamsInChunksWithTrailers() async throws {
        let handler: HTTPHandler = { _ in
            HTTPResponse(
                status: 200,
                body: .stream { writer in
                    try await writer.write(ByteBuffer(string: "first"))
                    try await writer.write(ByteBuffer(string: "second"))
                    return ["x-sum": "2"]
                })
        }
        try await withServer(handler: handler) { _, address in
            let client = try await RawClient.connect(to: address)
            try await client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            let answer = try await client.readText(until: "x-sum: 2\r\n\r\n")
            #expect(answer.contains("transfer-encoding: chunked"))
            #expect(answer.contains("first") && answer.contains("second"))
            try await client.send("HEAD / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            let both = try await client.textToEnd()
            #expect(both.dropFirst(answer.count).hasSuffix("\r\n\r\n"), "a HEAD has no content")
            let old = try await RawClient.connect(to: address)
            try await old.send("GET / HTTP/1.0\r\n\r\n")
            #expect(try await old.textToEnd().hasSuffix("\r\n\r\nfirstsecond"))
        }
    }

    @Test func aBrokenOffStreamHasNoLastChunk() async throws {
        let handler: HTTPHandler = { _ in
            HTTPResponse(
                status: 200,
                body: .stream { writer in
                    try await writer.write(ByteBuffer(string: "part"))
                    throw TestFailure("broken")
                })
        }
        try await withServer(handler: handler) { _, address in
            let client = try await RawClient.connect(to: address)
            try await client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            let answer = try await client.textToEnd()
            #expect(!answer.contains("0\r\n\r\n"))
        }
    }

    @Test func errorsAreProblems() async throws {
        let handler: HTTPHandler = { request in
            if request.path == "/own" { throw HTTPError(status: 409, code: "taken", message: "It is \"taken\".") }
            throw TestFailure("secret detail")
        }
        try await withServer(handler: handler) { server, address in
            let client = try await RawClient.connect(to: address)
            try await client.send("GET /own HTTP/1.1\r\nhost: a\r\n\r\n")
            let own = try await client.readText(until: "}")
            #expect(own.contains("409 Conflict") && own.contains(#""code":"taken""#))
            #expect(own.contains(#""detail":"It is \"taken\".""#))
            try await client.send("GET /other HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            let other = try await client.textToEnd().dropFirst(own.count)
            #expect(other.contains("500 Internal Server Error") && other.contains(#""request_id":""#))
            #expect(!other.contains("secret"))
            #expect(server.metrics.handlerFailures.load(ordering: .relaxed) == 1)
        }
    }

    @Test func anUnreadBodyEndsTheConnection() async throws {
        try await withServer(handler: { _ in .text("no") }) { _, address in
            let client = try await RawClient.connect(to: address)
            try await client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\nbegin")
            let answer = try await client.textToEnd()
            #expect(answer.contains("connection: close") && answer.hasSuffix("no"))
        }
    }

    @Test func aClosedConnectionCancelsItsHandler() async throws {
        let started = Signal()
        let ended = Signal()
        let handler: HTTPHandler = { _ in
            started.fire()
            do { try await Task.sleep(for: .seconds(60)) } catch { ended.fire() }
            return .text("late")
        }
        try await withServer(handler: handler) { _, address in
            let client = try await RawClient.connect(to: address)
            try await client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            await started.wait()
            try await client.close()
            await ended.wait()
        }
    }

    @Test func connectionsAreLimited() async throws {
        var limits = HTTPLimits()
        limits.connections = 1
        try await withServer(limits: limits, handler: echo) { server, address in
            let first = try await RawClient.connect(to: address)
            try await first.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            _ = try await first.readText(until: "hello")
            let second = try await RawClient.connect(to: address)
            #expect(try await second.readToEnd().isEmpty)
            #expect(server.metrics.connectionsRefused.load(ordering: .relaxed) == 1)
            try await first.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            _ = try await first.textToEnd()
        }
    }
}
