public import Engine
public import Secrets
public import Workflows

/// The vault, as the engine asks it.
public struct VaultSecrets: SecretSource {
    private let vault: SecretVault

    public init(_ vault: SecretVault) { self.vault = vault }

    public func values(of names: Set<String>, tenant: TenantID) async throws -> [String: [UInt8]] {
        var values: [String: [UInt8]] = [:]
        for name in names {
            do {
                values[name] = try await vault.value(name, tenant: tenant.value)
            } catch let error as SecretError {
                // The message names the secret, and never has its value.
                throw SecretProblem(error.description)
            }
        }
        return values
    }
}
