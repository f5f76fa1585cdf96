import Synchronization
import Testing

@testable import Secrets

/// Sealed secrets in memory.
private final class MemorySecrets: SecretStore {
    let rows = Mutex<[PlacedSecret]>([])
    /// Called before a replacement.
    let meanwhile = Mutex<(@Sendable () -> Void)?>(nil)

    func secrets(tenant: Int32) async throws -> [SecretRecord] {
        rows.withLock { $0.filter { $0.tenant == tenant }.map { SecretRecord(name: $0.name, provider: "built-in") } }
    }

    func secret(_ name: String, tenant: Int32) async throws -> SealedSecret? {
        rows.withLock { $0.first { $0.tenant == tenant && $0.name == name }?.secret }
    }

    func putSecret(
        _ name: String, _ secret: SealedSecret, by subject: String, tenant: Int32
    ) async throws -> SecretRecord {
        rows.withLock { rows in
            rows.removeAll { $0.tenant == tenant && $0.name == name }
            rows.append(PlacedSecret(tenant: tenant, name: name, secret: secret))
        }
        return SecretRecord(name: name, provider: "built-in", updatedBy: subject)
    }

    func deleteSecret(_ name: String, tenant: Int32) async throws -> Bool {
        rows.withLock { rows in
            let count = rows.count
            rows.removeAll { $0.tenant == tenant && $0.name == name }
            return rows.count < count
        }
    }

    func tenantName(_ tenant: Int32) async throws -> String? { tenant == 1 ? "acme" : "other" }

    func secretsNot(under keyID: String, tenant: Int32?, limit: Int) async throws -> [PlacedSecret] {
        rows.withLock { rows in
            Array(rows.filter { $0.secret.keyID != keyID && (tenant ?? $0.tenant) == $0.tenant }.prefix(limit))
        }
    }

    func replaceSecret(_ old: PlacedSecret, with new: SealedSecret) async throws -> Bool {
        meanwhile.withLock { meanwhile in
            defer { meanwhile = nil }
            return meanwhile
        }?()
        return rows.withLock { rows in
            guard let index = rows.firstIndex(of: old) else { return false }
            rows[index].secret = new
            return true
        }
    }
}

private struct FixedSecrets: SecretProvider {
    let name = "file"
    func names(tenant: String) async throws -> [String] { tenant == "acme" ? ["given", "shared"] : [] }
    func value(_ name: String, tenant: String) async throws -> [UInt8]? {
        tenant == "acme" && ["given", "shared"].contains(name) ? Array("from a file".utf8) : nil
    }
}

@Suite("The vault")
struct SecretVaultTests {
    private let store = MemorySecrets()
    private let old = "old:" + String(repeating: "01", count: 32)
    private let new = "new:" + String(repeating: "02", count: 32)

    private func vault(_ lines: String?...) throws -> SecretVault {
        let text = lines.compactMap(\.self).joined(separator: "\n")
        return SecretVault(
            store: store, keys: text.isEmpty ? nil : try NamedKeys(text: text), providers: [FixedSecrets()])
    }

    private func value(_ vault: SecretVault, _ name: String, tenant: Int32 = 1) async throws -> String? {
        try await vault.value(name, tenant: tenant).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test("set, read, replaced, deleted; each tenant has its own")
    func life() async throws {
        let vault = try vault(old)
        _ = try await vault.set("a", to: Array("one".utf8), by: "ada", tenant: 1)
        _ = try await vault.set("a", to: Array("theirs".utf8), by: "bob", tenant: 2)
        _ = try await vault.set("a", to: Array("two".utf8), by: "ada", tenant: 1)
        #expect(try await value(vault, "a") == "two")
        #expect(try await value(vault, "a", tenant: 2) == "theirs")
        #expect(try await vault.delete("a", tenant: 1))
        #expect(try await !vault.delete("a", tenant: 1))
        #expect(try await value(vault, "a") == nil)
    }

    @Test("providers come behind what is built in, and show where theirs are from")
    func providers() async throws {
        let vault = try vault(old)
        _ = try await vault.set("shared", to: Array("built in".utf8), by: "ada", tenant: 1)
        #expect(try await value(vault, "shared") == "built in")
        #expect(try await value(vault, "given") == "from a file")
        #expect(try await value(vault, "given", tenant: 2) == nil)
        #expect(
            try await vault.list(tenant: 1, named: "acme").map { "\($0.name) \($0.provider)" } == [
                "given file", "shared built-in",
            ])
        #expect(try await vault.list(tenant: 2, named: "other").isEmpty)
    }

    @Test("without a master key nothing is set, and what is given from elsewhere is still had")
    func withoutKey() async throws {
        let vault = try vault(nil)
        let error = await #expect(throws: SecretError.self) { try await vault.set("a", to: [1], by: "ada", tenant: 1) }
        #expect(error?.reason == .noMasterKey)
        #expect(try await value(vault, "given") == "from a file")
    }

    @Test("names and values that are not taken")
    func refused() async throws {
        let vault = try vault(old)
        for (name, value) in [
            ("../x", [1]), ("a", []), ("a", [UInt8](repeating: 1, count: SecretVault.longestValue + 1)),
        ] as [(String, [UInt8])] {
            let error = await #expect(throws: SecretError.self) {
                try await vault.set(name, to: value, by: "ada", tenant: 1)
            }
            #expect(error?.reason == .invalid)
        }
    }

    @Test("rotation re-seals a tenant's secrets, or all, and leaves alone one that was set meanwhile")
    func rotation() async throws {
        for index in 0..<250 {
            _ = try await vault(old).set(
                "s\(index)", to: Array("v\(index)".utf8), by: "ada", tenant: index % 2 == 0 ? 1 : 2)
        }
        let both = try vault(new, old)
        #expect(try await both.rotate(tenant: 1) == 125)
        #expect(try await both.rotate(tenant: 1) == 0)
        let newOnly = try vault(new)
        #expect(try await value(newOnly, "s0") == "v0")
        await #expect(throws: SecretError.self) { try await value(newOnly, "s1", tenant: 2) }
        let store = store
        store.meanwhile.withLock { $0 = { store.rows.withLock { $0.removeAll { $0.name == "s1" } } } }
        #expect(try await both.rotate(tenant: nil) == 124)
        #expect(try await value(newOnly, "s3", tenant: 2) == "v3")
    }
}
