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
        if try KeyFile.read(verifying) == nil {
            try KeyFile.makeFolder(folder)
            // Of nodes that start at once, one makes the keys; the others find them when they get the lock. The public
            // keys come last: where they are, everything is there.
            try KeyFile.withLock("\(folder)/.lock") {
                guard try KeyFile.read(verifying) == nil else { return }
                let key: SigningKey
                if let kept = try KeyFile.read(signing) {
                    key = try SigningKey(json: kept)
                } else {
                    key = try SigningKey.generate(id: randomName())
                    try KeyFile.write(Array(try key.privateJWK().utf8), to: signing, mode: 0o600)
                }
                try KeyFile.write(Array(try key.publicKeySet().utf8), to: verifying, mode: 0o644)
            }
        }
        guard let publicKeys = try KeyFile.read(verifying) else {
            throw KeyFile.Failure("\(verifying) is missing: it holds the public keys that tokens are verified with")
        }
        let key = try KeyFile.read(signing).map { try SigningKey(json: $0) }
        return NodeKeys(keySet: try KeySet(json: publicKeys), signingKey: key)
    }

    /// The text of the folder's `keys.jwks`.
    static func verifyingKeys(_ folder: String) throws -> [UInt8] {
        let file = "\(folder)/keys.jwks"
        guard let bytes = try KeyFile.read(file) else { throw KeyFile.Failure("\(file) is missing") }
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
            throw KeyFile.Failure("there is no signing.jwk in the keys folder: this node verifies tokens only")
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

/// Small files of a keys folder.
enum KeyFile {
    struct Failure: Error, CustomStringConvertible {
        var description: String

        init(_ description: String) { self.description = description }

        static func system(_ path: String) -> Failure {
            Failure("\(path): \(unsafe String(cString: strerror(errno)))")
        }
    }

    static func makeFolder(_ path: String) throws {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            guard unsafe mkdir(made, 0o700) == 0 || errno == EEXIST else { throw Failure.system(made) }
        }
    }

    /// Runs `body` alone among all processes that use this lock file.
    static func withLock(_ path: String, _ body: () throws -> Void) throws {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure.system(path) }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw Failure.system(path) }
        }
        try body()
    }

    /// `nil` when there is no such file.
    ///
    /// - Parameter limit: most bytes that are read.
    static func read(_ path: String, limit: Int = 65_536) throws -> [UInt8]? {
        guard let file = unsafe fopen(path, "re") else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw Failure.system(path)
        }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe fread($0.baseAddress!, 1, $0.count, file) }
        guard unsafe ferror(file) == 0 else { throw Failure.system(path) }
        return Array(bytes[..<count])
    }

    /// Adds to the end of a file, which is made when it is missing.
    static func append(_ bytes: [UInt8], to path: String) throws {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw Failure.system(path) }
        defer { close(descriptor) }
        let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress!, $0.count) }
        guard count == bytes.count, fsync(descriptor) == 0 else { throw Failure.system(path) }
    }

    /// The file appears whole or not at all.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws {
        let temporary = "\(path).new"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw Failure.system(temporary) }
        defer { close(descriptor) }
        let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress!, $0.count) }
        guard count == bytes.count, fsync(descriptor) == 0 else { throw Failure.system(temporary) }
        guard unsafe rename(temporary, path) == 0 else { throw Failure.system(path) }
    }
}
