public import Access
import Glibc

/// The keys of a folder: `signing.jwk` signs tokens and dashboard sessions, `keys.jwks` verifies them.
///
/// A node that only verifies needs `keys.jwks` alone. Other nodes' public keys may be added to that file.
public struct NodeKeys: Sendable {
    public static let issuer = "beamline"
    public static let audience = "beamline"

    /// What verifies tokens.
    public let keySet: KeySet
    private let signingKey: SigningKey?

    /// Reads the folder's keys; makes what is missing of them.
    public static func open(_ folder: String) throws -> NodeKeys {
        let signing = "\(folder)/signing.jwk"
        let verifying = "\(folder)/keys.jwks"
        if try DurableFile.read(verifying) == nil {
            try DurableFile.makeFolder(folder)
            // Of nodes that start at once, one makes the keys; the others find them when they get the lock. The public
            // keys come last: where they are, everything is there.
            try DurableFile.withLock("\(folder)/.lock") {
                guard try DurableFile.read(verifying) == nil else { return }
                let key: SigningKey
                if let kept = try DurableFile.read(signing) {
                    key = try SigningKey(json: kept)
                } else {
                    key = try SigningKey.generate(id: randomName())
                    try DurableFile.write(Array(try key.privateJWK().utf8), to: signing, mode: 0o600)
                }
                try DurableFile.write(Array(try key.publicKeySet().utf8), to: verifying, mode: 0o644)
            }
        }
        guard let publicKeys = try DurableFile.read(verifying) else {
            throw DurableFile.Failure("\(verifying) is missing: it holds the public keys that tokens are verified with")
        }
        let key = try DurableFile.read(signing).map { try SigningKey(json: $0) }
        return NodeKeys(keySet: try KeySet(json: publicKeys), signingKey: key)
    }

    /// The text of the folder's `keys.jwks`.
    static func verifyingKeys(_ folder: String) throws -> [UInt8] {
        let file = "\(folder)/keys.jwks"
        guard let bytes = try DurableFile.read(file) else { throw DurableFile.Failure("\(file) is missing") }
        return bytes
    }

    private init(keySet: KeySet, signingKey: SigningKey?) {
        self.keySet = keySet
        self.signingKey = signingKey
    }

    public var minter: TokenMinter? {
        signingKey.map { TokenMinter(key: $0, issuer: Self.issuer, audience: Self.audience) }
    }

    public var verifier: TokenVerifier { verifier(of: KeyRing(keySet)) }

    /// A verifier whose keys can be replaced.
    func verifier(of ring: KeyRing, others: [Issuer] = []) -> TokenVerifier {
        TokenVerifier(
            Issuer(url: Self.issuer, audience: Self.audience, keys: ring, mapping: .local), others: others)
    }

    /// A signed token.
    ///
    /// - Parameters:
    ///   - lifetime: In seconds.
    ///   - now: Seconds since 1970.
    public func mint(
        subject: String, tenant: String, roles: Set<Role>, customRoles: [String] = [], lifetime: Int64, now: Int64
    ) throws -> String {
        guard let minter else {
            throw DurableFile.Failure("there is no signing.jwk in the keys folder: this node verifies tokens only")
        }
        return try minter.mint(
            subject: subject, tenant: tenant, roles: roles, customRoles: customRoles, lifetime: lifetime, now: now,
            id: Self.randomName())
    }

    private static func randomName() -> String {
        var generator = SystemRandomNumberGenerator()
        return String(generator.next() as UInt64, radix: 36) + String(generator.next() as UInt64, radix: 36)
    }
}
