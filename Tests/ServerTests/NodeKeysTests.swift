import Access
import Foundation
import Server
import Testing

@Suite("Node keys")
struct NodeKeysTests {
    private let folder = NSTemporaryDirectory() + "/beamline-keys-\(UUID().uuidString)"

    @Test func aTokenOfTheFolderIsVerifiedByIt() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let keys = try NodeKeys.open(folder)
        let token = try keys.mint(subject: "ada", tenant: "default", roles: [.developer], lifetime: 60, now: 1000)
        let principal = try NodeKeys.open(folder).verifier.verify(token, now: 1010)
        #expect(principal.subject == "ada" && principal.roles == [.developer])
        #expect(throws: TokenError.self) { try keys.verifier.verify(token, now: 2000) }
    }

    @Test func anotherFoldersTokenIsRefused() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let other = folder + "-other"
        defer { try? FileManager.default.removeItem(atPath: other) }
        let token = try NodeKeys.open(other).mint(
            subject: "eve", tenant: "default", roles: [.admin], lifetime: 60, now: 1000)
        let verifier = try NodeKeys.open(folder).verifier
        #expect(throws: TokenError.self) { try verifier.verify(token, now: 1010) }
    }

    @Test func thePrivateKeyIsReadableByItsOwnerOnly() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try NodeKeys.open(folder)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/signing.jwk")
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }

    @Test func nodesThatStartTogetherMakeOneKey() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let folder = folder
        let tokens = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<8 {
                group.addTask {
                    try NodeKeys.open(folder).mint(
                        subject: "node-\(number)", tenant: "default", roles: [.viewer], lifetime: 60, now: 1000)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let verifier = try NodeKeys.open(folder).verifier
        for token in tokens { _ = try verifier.verify(token, now: 1001) }
        #expect(tokens.count == 8)
    }

    @Test func aFolderOfPublicKeysOnlyVerifiesAndSignsNothing() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let token = try NodeKeys.open(folder).mint(
            subject: "ada", tenant: "default", roles: [.viewer], lifetime: 60, now: 1000)
        try FileManager.default.removeItem(atPath: folder + "/signing.jwk")
        let keys = try NodeKeys.open(folder)
        #expect(try keys.verifier.verify(token, now: 1001).subject == "ada")
        #expect(throws: (any Error).self) {
            try keys.mint(subject: "ada", tenant: "default", roles: [.viewer], lifetime: 60, now: 1000)
        }
    }
}
