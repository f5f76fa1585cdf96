import Foundation
import HTTP
import NIOCore
import Synchronization
import Testing

/// Requests that two readers may cut differently. Whatever the server makes of them, what hides behind them is never
/// served, there is one answer, and then the connection ends.
@Suite("Request smuggling", .timeLimit(.minutes(2)))
struct SmugglingTests {
    private static let hidden = "GET /hidden HTTP/1.1\r\nhost: a\r\n\r\n"

    private static func post(_ lines: String, _ content: String) -> String {
        "POST /echo HTTP/1.1\r\nhost: a\r\n\(lines)\r\n\r\n\(content)"
    }

    /// A chunked request with these octets where the chunks should be.
    private static func chunked(_ chunks: String) -> String { post("transfer-encoding: chunked", chunks) }

    private static func bare(_ text: String) -> String { text.replacing("\r\n", with: "\n") }

    private static let framings = [
        "content-length: 4\r\ntransfer-encoding: chunked", "transfer-encoding: chunked\r\ncontent-length: 4",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity", "transfer-encoding: chunked, chunked",
        "transfer-encoding: identity, chunked", "transfer-encoding: chunked, identity", "transfer-encoding: identity",
        "transfer-encoding: xchunked", "transfer-encoding: \u{b}chunked", "transfer-encoding: \"chunked\"",
        "transfer-encoding:\r\n chunked", "transfer-encoding : chunked", "transfer-encoding\t: chunked",
        " transfer-encoding: chunked", "x: y\n transfer-encoding: chunked", "x: y\ntransfer-encoding: chunked",
        "x: y\rtransfer-encoding: chunked", "x: y\r\n z", "x: y\r\n\tcontent-length: 4", "x\r\n: y",
        "content-length: 4\r\ncontent-length: 4", "content-length: 4\r\ncontent-length: 40", "content-length: 4, 4",
        "content-length: 4,40", "content-length: +4", "content-length: -4", "content-length: 0x4",
        "content-length: 4 0", "content-length: 4.0", "content-length: 4e0", "content-length:",
        "content-length: \u{664}",
        "content-length: 18446744073709551620", "content-length: 99999999999999999999", "content-length : 4",
        "content-length\u{0}: 4", "content-length: 4\u{0}", "(content-length): 4", "host: b",
    ]

    private static let chunks = [
        "0x1\r\na\r\n0\r\n\r\n", "+1\r\na\r\n0\r\n\r\n", "-1\r\na\r\n0\r\n\r\n", " 1\r\na\r\n0\r\n\r\n",
        "1 \r\na\r\n0\r\n\r\n", "1\t\r\na\r\n0\r\n\r\n", "1,0\r\na\r\n0\r\n\r\n", "\r\n\r\n", "g\r\na\r\n0\r\n\r\n",
        "1\na\r\n0\r\n\r\n", "1\r\na\n0\r\n\r\n", "1\r\naa\r\n0\r\n\r\n", "1\r\na0\r\n\r\n", "1\r\na\r0\r\n\r\n",
        "1\ra\r\n0\r\n\r\n", "1\r\na\r\n0\n\n", "1\r\na\r\n0\r\nx\r\n\r\n", "1\r\na\r\n0\r\nx: y\n\r\n",
        "1;x\n=y\r\na\r\n0\r\n\r\n", "1;\u{0}\r\na\r\n0\r\n\r\n", "10000000000000000\r\na\r\n0\r\n\r\n",
        "ffffffffffffffff1\r\na\r\n0\r\n\r\n",
    ]

    private static let lines = [
        "POST /echo HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET\t/ HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET / HTTP/1.1 x\r\nhost: a\r\n\r\n", "GET / http/1.1\r\nhost: a\r\n\r\n",
        "GET / HTTP/1.10\r\nhost: a\r\n\r\n", "GET / HTTP/2.0\r\nhost: a\r\n\r\n", "GET / HTTP/1,1\r\nhost: a\r\n\r\n",
        "GET /a b HTTP/1.1\r\nhost: a\r\n\r\n", "GET /a\u{0} HTTP/1.1\r\nhost: a\r\n\r\n",
        "G ET / HTTP/1.1\r\nhost: a\r\n\r\n", " GET / HTTP/1.1\r\nhost: a\r\n\r\n", "GET /\r\n\r\n",
        "GET / HTTP/1.1\r\n host: a\r\n\r\n", "GET / HTTP/1.1\rhost: a\r\n\r\n",
        bare("GET / HTTP/1.1\r\nhost: a\r\n\r\n"),
        bare(post("content-length: 1", "a")),
    ]

    static let attacks = framings.map { post($0, "0\r\n\r\n") } + chunks.map { chunked($0) } + lines

    @Test("what hides behind an ambiguous request is never served", arguments: attacks)
    func hides(_ attack: String) async throws {
        let served = Mutex<[String]>([])
        let handler: HTTPHandler = { request in
            served.withLock { $0.append(request.path) }
            return HTTPResponse(status: 200, body: .bytes(try await request.body.collect(upTo: 1 << 20)))
        }
        try await withServer(handler: handler) { _, address in
            let client = try await RawClient.connect(to: address)
            try await client.send(attack + Self.hidden)
            let answer = try await client.textToEnd()
            let statuses = answer.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) }
            #expect(statuses.count == 1, "\(attack.debugDescription): \(statuses)")
            #expect(["400", "431", "501", "505"].contains(statuses.first), "\(attack.debugDescription): \(statuses)")
            #expect(!served.withLock { $0.contains("/hidden") }, "\(attack.debugDescription)")
        }
    }

    @Test("the same requests with sound framing are served, one after the other")
    func sound() async throws {
        try await withServer(handler: echo) { _, address in
            let client = try await RawClient.connect(to: address)
            try await client.send(
                "\r\n" + Self.post("content-length: 4", "abcd")
                    + Self.chunked("2;name=value\r\nef\r\n00\r\nx-sum: 1\r\n\r\n")
                    + "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            let answer = try await client.textToEnd()
            let bodies = answer.components(separatedBy: "\r\n\r\n").dropFirst().map { $0.prefix { $0 != "H" } }
            #expect(bodies == ["abcd", "ef", "hello"])
        }
    }

    /// HTTP/2 carries lengths in frames, so what is said besides must agree with them.
    private static let malformed: [(String, [UInt8], [Frame])] = [
        (
            "more content than announced", Frame.literal("content-length", "2"),
            [.data([1, 2, 3], stream: 1, end: true)]
        ),
        (
            "less content than announced", Frame.literal("content-length", "5"),
            [.data([1, 2, 3], stream: 1, end: true)]
        ),
        (
            "two lengths", Frame.literal("content-length", "3") + Frame.literal("content-length", "3"),
            [.data([1, 2, 3], stream: 1, end: true)]
        ),
        ("a length that is none", Frame.literal("content-length", "+3"), [.data([1, 2, 3], stream: 1, end: true)]),
        ("HTTP/1.1's framing", Frame.literal("transfer-encoding", "chunked"), [.data([1], stream: 1, end: true)]),
        ("a field of the connection", Frame.literal("upgrade", "h2c"), [.data([1], stream: 1, end: true)]),
        ("te", Frame.literal("te", "gzip"), [.data([1], stream: 1, end: true)]),
        ("a pseudo-field after the others", Frame.literal("x", "y") + Frame.literal(":path", "/hidden"), []),
        ("two paths", Frame.literal(nameIndex: 4, "/hidden"), []),
        ("a name with a space", Frame.literal("x y", "z"), []),
        ("a name with a colon", Frame.literal("x:", "z"), []),
    ]

    @Test("HTTP/2 heads that an HTTP/1.1 hop would read otherwise reset their stream", arguments: malformed.indices)
    func heads(_ index: Int) async throws {
        let (what, extra, more) = Self.malformed[index]
        let whole = Atomic(0)
        let handler: HTTPHandler = { request in
            if request.path == "/after" { return .text("hello") }
            _ = try await request.body.collect(upTo: 100)
            whole.add(1, ordering: .relaxed)
            return .text("served")
        }
        try await withServer(handler: handler) { _, address in
            let client = try await RawClient.http2(to: address)
            let head = Frame.post("/echo", stream: 1)
            client.trySend([Frame(type: 1, flags: 4, stream: 1, payload: head.payload + extra)] + more)
            client.trySend([.get("/after", stream: 3)])
            let frames = try await client.frames { $0.contains { $0.type == 0 && $0.stream == 3 } }
            #expect(Frame.resets(frames, stream: 1).first == HTTP2ErrorCode.protocolError.rawValue, "\(what)")
            #expect(whole.load(ordering: .relaxed) == 0, "\(what)")
        }
    }

    @Test(
        "a line break in an HTTP/2 field never reaches a handler", arguments: ["a\r\nb: c", "a\nb", "a\rb", "a\u{0}b"])
    func lineBreaks(_ value: String) async throws {
        let seen = Mutex<[String?]>([])
        let handler: HTTPHandler = { request in
            seen.withLock { $0.append(request.fields["x"]) }
            return .text("hello")
        }
        try await withServer(handler: handler) { _, address in
            let client = try await RawClient.http2(to: address)
            try await client.send([
                .get("/", stream: 1, extra: Frame.literal("x", value)), .get("/after", stream: 3),
            ])
            _ = try await client.frames { $0.contains { $0.type == 0 && $0.stream == 3 } }
            #expect(seen.withLock { $0.allSatisfy { $0 == nil } })
        }
    }
}
