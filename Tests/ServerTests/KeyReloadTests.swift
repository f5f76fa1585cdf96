import Access
import Foundation
import Logging
import Testing

@testable import Server

@Suite("Keys that are replaced under way")
struct KeyReloadTests {
    private struct NoDirectory: AccessDirectory {
        func standing(of principal: Principal) async throws -> PrincipalStanding? { PrincipalStanding(tenant: 1) }
        func key(digest: Digest) async throws -> KeyStanding? { nil }
        func session(digest: Digest) async throws -> SessionStanding? { nil }
        func accessEpochs(recent: Bool) async throws -> [Int32: Int64] { [:] }
        func noteUse(of keys: [String: Int64]) async throws {}
    }

    @Test("a new file is taken, the old key's tokens are forgotten; a broken file changes nothing")
    func reload() async throws {
        let (old, new) = (try SigningKey.generate(id: "old"), try SigningKey.generate(id: "new"))
        let ring = KeyRing(try KeySet([old]))
        let authenticator = Authenticator(
            TokenVerifier(keys: ring, issuer: "i", audience: "a"), directory: NoDirectory())
        let reload = KeyReload(
            folder: "/nonexistent", ring: ring, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            changed: { authenticator.forget(tenant: nil) })
        func code(_ key: SigningKey) async throws -> TokenError.Code? {
            let token = try TokenMinter(key: key, issuer: "i", audience: "a").mint(
                subject: "s", tenant: "t", roles: [.viewer], lifetime: 60, now: 100, id: "1")
            do {
                _ = try await authenticator.authenticate(token, now: 100)
                return nil
            } catch let error as TokenError { return error.code }
        }
        #expect(try await code(old) == nil)
        #expect(try await code(new) == .unknownKey)
        #expect(throws: KeyError.self) { try reload.take(Array("{".utf8)) }
        #expect(try await code(old) == nil)
        try reload.take(Array(try new.publicKeySet().utf8))
        #expect(try await code(old) == .unknownKey)
        #expect(try await code(new) == nil)
    }
}
