import Foundation
import HTTP
import NIOCore
import NIOEmbedded
import Testing
import TransportTestSupport

@Suite("Static files")
struct StaticFilesTests {
    private static let long = String(repeating: "console.log('beamline');\n", count: 100)

    private func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write("<!doctype html>", to: "index.html")
        try folder.write(Self.long, to: "lib/app.js")
        try folder.write("hidden", to: ".secret")
        try folder.write("outside", to: "../outside-\(folder.path.suffix(8)).txt")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link.txt", withDestinationPath: "/etc/hostname")
        return folder
    }

    private func request(_ path: String, method: String = "GET", _ fields: HTTPFields = [:]) -> HTTPRequest {
        HTTPRequest(
            method: method, scheme: "http", authority: "a", path: path, query: nil, fields: fields, body: .empty,
            connection: HTTPConnectionInfo(
                id: 1, peer: "test", version: .http2, tls: nil, eventLoop: EmbeddedEventLoop()))
    }

    private func text(_ response: HTTPResponse?) -> String? {
        guard case .bytes(let bytes)? = response?.body else { return nil }
        return String(buffer: bytes)
    }

    @Test func servesWithStrictFields() throws {
        let folder = try folder()
        let files = try StaticFiles(root: folder.path)
        #expect(files.paths == ["/index.html", "/lib/app.js"])
        let page = files.respond(to: request("/"))
        #expect(text(page) == "<!doctype html>")
        #expect(page?.fields["content-type"] == "text/html; charset=utf-8")
        #expect(page?.fields["content-security-policy"]?.contains("default-src 'self'") == true)
        #expect(page?.fields["content-security-policy"]?.contains("unsafe") == false)
        #expect(page?.fields["x-content-type-options"] == "nosniff")
        #expect(page?.fields["cache-control"] == "no-cache")
        #expect(files.respond(to: request("/", method: "POST"))?.status == 405)
    }

    @Test func answers304ForTheSameContent() throws {
        let folder = try folder()
        let files = try StaticFiles(root: folder.path)
        let tag = try #require(files.respond(to: request("/lib/app.js"))?.fields["etag"])
        #expect(tag.hasPrefix("\"") && !tag.hasPrefix("W/"))
        for match in [tag, "\"other\", \(tag)", "W/\(tag)", "*"] {
            let answer = files.respond(to: request("/lib/app.js", ["if-none-match": match]))
            #expect(answer?.status == 304 && answer?.fields["etag"] == tag)
            #expect(text(answer) == nil)
        }
        #expect(files.respond(to: request("/lib/app.js", ["if-none-match": "\"other\""]))?.status == 200)
    }

    @Test func compresses() throws {
        let folder = try folder()
        let files = try StaticFiles(root: folder.path)
        let plain = files.respond(to: request("/lib/app.js"))
        let packed = files.respond(to: request("/lib/app.js", ["accept-encoding": "br, gzip;q=0.5"]))
        #expect(text(plain) == Self.long)
        #expect(packed?.fields["content-encoding"] == "gzip" && packed?.fields["vary"] == "accept-encoding")
        #expect(packed?.fields["etag"] != plain?.fields["etag"])
        guard case .bytes(let bytes)? = packed?.body else { throw TestFailure("no content") }
        #expect(bytes.readableBytes < Self.long.utf8.count / 5)
        for refusal in ["gzip;q=0", "gzip; q=0.0", "identity"] {
            #expect(
                files.respond(to: request("/lib/app.js", ["accept-encoding": refusal]))?.fields["content-encoding"]
                    == nil)
        }
        #expect(files.respond(to: request("/", ["accept-encoding": "gzip"]))?.fields["content-encoding"] == nil)
    }

    @Test(
        "nothing outside the folder",
        arguments: [
            "/../outside.txt", "/%2e%2e/%2e%2e/etc/passwd", "/lib/../../etc/passwd", "/.secret", "/link.txt",
            "/lib%00/app.js",
            "/%zz", "/%", "lib/app.js", "//index.html", "/lib\\app.js", "/%ff", "/lib",
        ])
    func staysInside(_ path: String) throws {
        let folder = try folder()
        #expect(try StaticFiles(root: folder.path).respond(to: request(path)) == nil)
    }

    @Test func reloadsWhatChanged() throws {
        let folder = try folder()
        var configuration = StaticFiles.Configuration()
        configuration.reloads = true
        let files = try StaticFiles(root: folder.path, configuration: configuration)
        try folder.write("changed content", to: "index.html")
        try folder.write("new", to: "new.txt")
        #expect(text(files.respond(to: request("/"))) == "changed content")
        #expect(text(files.respond(to: request("/new.txt"))) == "new")
    }

    @Test func namesAFolderThatIsMissing() {
        do {
            _ = try StaticFiles(root: "/nowhere")
            Issue.record("a folder that is not there was read")
        } catch {
            #expect("\(error)" == "/nowhere: No such file or directory")
        }
    }

    @Test func curlUnpacksAndHeadIsEmpty() async throws {
        let folder = try folder()
        let files = try StaticFiles(root: folder.path)
        try await withServer(handler: { request in
            guard let answer = files.respond(to: request) else { throw HTTPError.notFound() }
            return answer
        }) { _, address in
            let url = "http://127.0.0.1:\(address.port ?? 0)"
            let unpacked = try await Tool.run(["curl", "-sS", "--max-time", "20", "--compressed", url + "/lib/app.js"])
            #expect(unpacked.output == Self.long)
            let head = try await Tool.run([
                "curl", "-sSI", "--max-time", "20", "--http2-prior-knowledge", url + "/lib/app.js",
            ])
            #expect(head.output.contains("content-length: \(Self.long.utf8.count)"))
            #expect(head.output.hasSuffix("\r\n\r\n"))
            let missing = try await Tool.run([
                "curl", "-sS", "--max-time", "20", "--path-as-is", url + "/../../etc/passwd",
            ])
            #expect(missing.output.contains("not_found"))
        }
    }
}
