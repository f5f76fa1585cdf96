import Foundation
import Secrets
import Testing

@testable import Server

@Suite("Where secrets come from")
struct SecretSourcesTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "/beamline-secrets-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private func write(_ text: String, _ path: String) throws {
        let url = URL(filePath: path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: false, encoding: .utf8)
    }

    @Test("files of a tenant's folder, with folders in it; nothing above it, nothing of another")
    func files() async throws {
        try await withFolder { folder in
            try write("one\n", "\(folder)/acme/a")
            try write("two\r\n", "\(folder)/acme/ci/token")
            try write("hidden", "\(folder)/acme/..data")
            try write("theirs", "\(folder)/other/b")
            let files = FileSecrets(folder: folder)
            #expect(try await files.names(tenant: "acme") == ["a", "ci/token"])
            #expect(try await files.names(tenant: "nobody") == [])
            #expect(try await files.value("a", tenant: "acme") == Array("one".utf8))
            #expect(try await files.value("ci/token", tenant: "acme") == Array("two".utf8))
            for name in ["b", "../other/b", "ci/../a", "/etc/hostname", "..data"] {
                #expect(try await files.value(name, tenant: "acme") == nil, "\(name)")
            }
        }
    }

    @Test("variables, each for one tenant")
    func variables() async throws {
        let secrets = EnvironmentSecrets([
            .init(tenant: "acme", secret: "path", variable: "PATH"),
            .init(tenant: "acme", secret: "missing", variable: "BEAMLINE_NO_SUCH_VARIABLE"),
        ])
        #expect(try await secrets.value("path", tenant: "acme")?.isEmpty == false)
        #expect(try await secrets.value("path", tenant: "other") == nil)
        #expect(try await secrets.value("missing", tenant: "acme") == nil)
        #expect(try await secrets.names(tenant: "acme") == ["missing", "path"])
    }

    @Test("master keys: from a file, from text, made where that is asked for, missing otherwise")
    func masterKeys() async throws {
        try await withFolder { folder in
            var sources = SecretSources()
            #expect(try sources.masterKeys() == nil)
            sources.masterKeyText = "env:" + String(repeating: "0f", count: 32)
            #expect(try sources.masterKeys()?.currentID == "env")
            sources.masterKeyFile = "\(folder)/master.keys"
            let missing = sources
            #expect(throws: (any Error).self) { try missing.masterKeys() }
            sources.makesMasterKey = true
            #expect(try sources.masterKeys()?.currentID == "m1")
            let made = try Data(contentsOf: URL(filePath: "\(folder)/master.keys"))
            #expect(try sources.masterKeys()?.currentID == "m1")
            #expect(try Data(contentsOf: URL(filePath: "\(folder)/master.keys")) == made)
            let mode = try FileManager.default.attributesOfItem(atPath: "\(folder)/master.keys")[.posixPermissions]
            #expect((mode as? NSNumber)?.intValue == 0o600)
        }
    }
}
