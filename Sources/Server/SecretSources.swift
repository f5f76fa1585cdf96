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
    func masterKeys() throws -> MasterKeys? {
        if let masterKeyFile {
            if makesMasterKey, try KeyFile.read(masterKeyFile) == nil {
                var generator = SystemRandomNumberGenerator()
                let line = MasterKeys.line(name: "m1", using: &generator) + "\n"
                try KeyFile.write(Array(line.utf8), to: masterKeyFile, mode: 0o600)
            }
            guard let bytes = try KeyFile.read(masterKeyFile) else {
                throw KeyFile.Failure(
                    "\(masterKeyFile) is missing: it holds the master keys; make one with: beamline secret master-key")
            }
            return try MasterKeys(text: String(decoding: bytes, as: UTF8.self))
        }
        return try masterKeyText.map { try MasterKeys(text: $0) }
    }
}
