/// The secrets of all tenants: the built-in ones, sealed in the database, and those of other providers behind them.
public struct SecretVault: Sendable {
    /// Longest value, in bytes.
    public static let longestValue = 64 << 10
    /// How many secrets are re-sealed between two looks at the database.
    private static let batch = 100

    private let store: any SecretStore
    private let keys: NamedKeys?
    private let providers: [any SecretProvider]

    /// - Parameters:
    ///   - keys: without them only the providers' secrets can be had.
    ///   - providers: asked in this order for what is not built in.
    public init(store: any SecretStore, keys: NamedKeys?, providers: [any SecretProvider] = []) {
        self.store = store
        self.keys = keys
        self.providers = providers
    }

    /// Names and origins, sorted; a built-in secret hides a provider's of the same name.
    public func list(tenant: Int32, named tenantName: String) async throws -> [SecretRecord] {
        var records = try await store.secrets(tenant: tenant)
        for provider in providers {
            for name in try await provider.names(tenant: tenantName) where !records.contains(where: { $0.name == name })
            {
                records.append(SecretRecord(name: name, provider: provider.name))
            }
        }
        return records.sorted { $0.name < $1.name }
    }

    /// Seals and stores a value.
    public func set(
        _ name: String, to value: [UInt8], by subject: String, tenant: Int32
    ) async throws -> SecretRecord {
        let keys = try masterKeys()
        guard SecretName.isValid(name) else {
            throw SecretError(
                .invalid,
                "A secret's name has 1 to 200 letters, digits, _, - and ., in segments separated by /; it is \"\(name)\"."
            )
        }
        guard !value.isEmpty, value.count <= Self.longestValue else {
            throw SecretError(.invalid, "A secret's value has 1 to \(Self.longestValue) bytes.")
        }
        var generator = SystemRandomNumberGenerator()
        let sealed = try SealedSecret(value, tenant: tenant, name: name, under: keys, using: &generator)
        return try await store.putSecret(name, sealed, by: subject, tenant: tenant)
    }

    /// `false` when there is none of this name that was set here.
    public func delete(_ name: String, tenant: Int32) async throws -> Bool {
        try await store.deleteSecret(name, tenant: tenant)
    }

    /// The value, for the worker that runs a step which names it, and for nobody else.
    public func value(_ name: String, tenant: Int32) async throws -> [UInt8]? {
        if let sealed = try await store.secret(name, tenant: tenant) {
            return try sealed.open(tenant: tenant, name: name, under: masterKeys())
        }
        guard !providers.isEmpty, let tenantName = try await store.tenantName(tenant) else { return nil }
        for provider in providers {
            if let value = try await provider.value(name, tenant: tenantName) { return value }
        }
        return nil
    }

    /// Seals what is under another master key again under the current one.
    ///
    /// - Parameter tenant: all tenants when `nil`.
    /// - Returns: how many there were.
    /// - Throws: at the first that does not open; those before it are done, and the rest can be done later.
    public func rotate(tenant: Int32?) async throws -> Int {
        let keys = try masterKeys()
        var generator = SystemRandomNumberGenerator()
        var count = 0
        while true {
            let old = try await store.secretsNot(under: keys.currentID, tenant: tenant, limit: Self.batch)
            for placed in old {
                let new = try placed.secret.resealed(
                    tenant: placed.tenant, name: placed.name, under: keys, using: &generator)
                // One that was set meanwhile is under the current key already, or is found by the next look.
                if try await store.replaceSecret(placed, with: new) { count += 1 }
            }
            if old.isEmpty { return count }
        }
    }

    private func masterKeys() throws(SecretError) -> NamedKeys {
        guard let keys else {
            throw SecretError(
                .noMasterKey,
                "This node has no master key; make one with `beamline secret master-key` and name its file in "
                    + "BEAMLINE_MASTER_KEY_FILE, the same on every node.")
        }
        return keys
    }
}
