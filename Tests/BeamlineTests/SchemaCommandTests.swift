import ArgumentParser
import Glibc
import JSON
import Schemas
import Testing

@testable import beamline

@Suite("beamline schema check")
struct SchemaCommandTests {
    /// Files in a folder of their own, which is removed at the end.
    private func withFolder(_ files: [String: String], _ body: (String) throws -> Void) throws {
        var template = Array("/tmp/beamline-schema-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) }
        try #require(unsafe made != nil)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            for name in files.keys { unsafe unlink("\(folder)/\(name)") }
            for name in ["a/b", "a"] { unsafe rmdir("\(folder)/\(name)") }
            unsafe rmdir(folder)
        }
        for name in ["a", "a/b"] { unsafe mkdir("\(folder)/\(name)", 0o755) }
        for (name, text) in files {
            try FileContents.write(Array(text.utf8), to: "\(folder)/\(name)", mode: 0o644, replacing: true)
        }
        try body(folder)
    }

    @Test("a folder serves documents by the paths of their URIs, whatever the host")
    func folder() throws {
        try withFolder(["a/x.json": "{\"type\":\"null\"}", "a/broken": "{", "a/b.json": "true"]) { path in
            let folder = SchemaFolder(path: path)
            let wanted = try ExactJSON(parsing: "{\"type\":\"null\"}")
            #expect(try folder.document(at: "http://localhost:1234/a/x.json") == wanted)
            #expect(try folder.document(at: "https://other.test/a/x") == wanted)
            #expect(try folder.document(at: "http://h.test/a/y") == nil)
            // a/b is a folder; a/b.json is meant.
            #expect(try folder.document(at: "http://h.test/a/b") == .bool(true))
            let error = #expect(throws: SchemaResourceError.self) { try folder.document(at: "http://h.test/a/broken") }
            #expect(error?.description.contains("line 1, column 2") == true)
        }
    }

    @Test(
        "options that do not go together are refused",
        arguments: [
            [], ["--schema", "a"], ["--instance", "a"], ["--jsonl", "--schema", "a"],
            ["--schema", "-", "--instance", "-"],
        ])
    func usage(arguments: [String]) {
        #expect(throws: (any Error).self) { try SchemaCommand.Check.parse(arguments) }
    }

    @Test("the exit status says valid, invalid or unreadable")
    func status() throws {
        let files = [
            "a/s": "{\"type\":\"string\"}", "a/good": "\"x\"", "a/bad": "1", "a/broken": "{", "a/none": "{\"type\":1}",
        ]
        try withFolder(files) { (path) throws in
            func status(_ schema: String, _ instance: String) throws -> beamline.ExitStatus {
                let command = try SchemaCommand.Check.parse([
                    "--schema", "\(path)/a/\(schema)", "--instance", "\(path)/a/\(instance)", "--output", "json",
                ])
                do {
                    try command.run()
                    return .succeeded
                } catch let failure as CommandFailure {
                    return failure.status
                }
            }
            #expect(try status("s", "good") == .succeeded)
            #expect(try status("s", "bad") == .failed)
            #expect(try status("s", "broken") == .invalid)
            #expect(try status("s", "missing") == .invalid)
            #expect(try status("none", "good") == .invalid)
        }
    }
}
