/// Sealed secrets in the database.
public protocol SecretStore: Sendable {
    /// By name.
    func secrets(tenant: Int32) async throws -> [SecretRecord]
    func secret(_ name: String, tenant: Int32) async throws -> SealedSecret?
    func putSecret(
        _ name: String, _ secret: SealedSecret, by subject: String, tenant: Int32
    ) async throws -> SecretRecord
    func deleteSecret(_ name: String, tenant: Int32) async throws -> Bool
    /// The name of a tenant, by which providers know it; `nil` when there is none.
    func tenantName(_ tenant: Int32) async throws -> String?
    /// Those of a tenant, or of all, that are sealed under another master key than this; at most `limit`.
    func secretsNot(under keyID: String, tenant: Int32?, limit: Int) async throws -> [PlacedSecret]
    /// Puts the new envelope where the old one still is; `false` when the secret was set or deleted meanwhile.
    func replaceSecret(_ old: PlacedSecret, with new: SealedSecret) async throws -> Bool
}

/// A secret as lists show it: never its value.
public struct SecretRecord: Sendable, Equatable {
    public var name: String
    /// Where it comes from: `built-in`, `file`, `environment`.
    public var provider: String
    public var updatedBy: String?
    /// Seconds since 1970.
    public var updatedAt: Int64?

    public init(name: String, provider: String, updatedBy: String? = nil, updatedAt: Int64? = nil) {
        self.name = name
        self.provider = provider
        self.updatedBy = updatedBy
        self.updatedAt = updatedAt
    }
}

/// A sealed secret and where it belongs.
public struct PlacedSecret: Sendable, Equatable {
    public var tenant: Int32
    public var name: String
    public var secret: SealedSecret

    public init(tenant: Int32, name: String, secret: SealedSecret) {
        self.tenant = tenant
        self.name = name
        self.secret = secret
    }
}

/// Secrets from elsewhere, which only an operator changes.
public protocol SecretProvider: Sendable {
    /// `file`, `environment`.
    var name: String { get }
    /// The names of a tenant's secrets.
    func names(tenant: String) async throws -> [String]
    func value(_ name: String, tenant: String) async throws -> [UInt8]?
}
