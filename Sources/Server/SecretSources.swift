import Secrets

/// Where a node's master keys and the secrets that are not built in come from.
public struct SecretSources: Sendable {
    /// A variable of the environment that is a tenant's secret.
    public struct Variable: Sendable, Hashable {
        public var tenant: String
        public var secret: String
        public var variable: String

        public init(tenant: String, secret: String, variable: String) {
            self.tenant = tenant
            self.secret = secret
            self.variable = variable
        }
    }

    /// File of the master keys; every node needs the same.
    public var masterKeyFile: String?
    /// The master keys themselves, from the environment; the file goes before.
    public var masterKeyText: String?
    /// Makes the file when it is missing: for a node that is alone on its database.
    public var makesMasterKey = false
    /// Holds `TENANT/NAME` files.
    public var folder: String?
    public var environment: [Variable] = []

    public init() {}

    /// `nil` when none are configured: then secrets can be neither set nor read here.
    func masterKeys() throws -> NamedKeys? {
        try NamedKeys.open(
            file: masterKeyFile, text: masterKeyText, makes: makesMasterKey ? "m1" : nil, noun: "master key")
    }
}
