import JSON

/// The keys that tokens may be signed with (a JWK set, RFC 7517 §5), by their `kid`.
public struct KeySet: Sendable {
    /// Whose document it is, which says what is done with keys that cannot be used.
    public enum Origin: Sendable {
        /// The operator's file: every key must be usable, so that a mistake in it is seen at once.
        case local
        /// An issuer's `jwks_uri`: keys for other uses and of other kinds are passed over, secrets above all, since a
        /// published secret is none.
        case issuer
    }

    /// Longest document that is read, in bytes.
    public static let maximumLength = 256 << 10
    /// Most keys of a document.
    public static let maximumCount = 100

    private let keys: [String: JOSEKey]

    /// Reads `{"keys": […]}` or a single JWK; every key needs a `kid` of its own.
    public init(json text: [UInt8], origin: Origin = .local) throws(KeyError) {
        guard text.count <= Self.maximumLength else {
            throw KeyError("the key set is longer than \(Self.maximumLength) bytes")
        }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: text, limits: JSONLimits(size: Self.maximumLength, depth: 16))
        } catch { throw KeyError("the key set is not JSON: \(error)") }
        let members: [JSONValue]
        if case .array(let listed)? = value["keys"] { members = listed } else { members = [value] }
        guard members.count <= Self.maximumCount else {
            throw KeyError("the key set has more than \(Self.maximumCount) keys")
        }
        var loaded: [JOSEKey] = []
        for member in members {
            do {
                loaded.append(try JWK.load(member, origin: origin))
            } catch {
                switch origin {
                case .local: throw error
                case .issuer: continue
                }
            }
        }
        try self.init(loaded)
    }

    /// What verifies the tokens of these signing keys.
    public init(_ keys: [SigningKey]) throws(KeyError) {
        try self.init(keys.map(\.key))
    }

    private init(_ listed: [JOSEKey]) throws(KeyError) {
        var keys: [String: JOSEKey] = [:]
        for key in listed {
            guard let id = key.id, !id.isEmpty else { throw KeyError("a key has no kid") }
            guard keys.updateValue(key, forKey: id) == nil else { throw KeyError("two keys have the kid \(id)") }
        }
        guard !keys.isEmpty else { throw KeyError("the key set has no key that can be used") }
        self.keys = keys
    }

    subscript(id: String) -> JOSEKey? { keys[id] }

    /// The names of its keys, sorted.
    public var ids: [String] { keys.keys.sorted() }
}

/// One member of a key set.
enum JWK {
    /// - Throws: for a key that is not for signatures, of an unknown kind, too weak, or without a name.
    static func load(_ member: JSONValue, origin: KeySet.Origin) throws(KeyError) -> JOSEKey {
        guard let type = member["kty"]?.stringValue else { throw KeyError("a key has no kty") }
        guard let id = member["kid"]?.stringValue, (1...255).contains(id.utf8.count) else {
            throw KeyError("a key has no kid of 1 to 255 bytes")
        }
        if let use = member["use"], use != "sig" { throw KeyError("the key \(id) is not for signatures") }
        if let operations = member["key_ops"]?.arrayValue, !operations.contains("verify"), !operations.contains("sign")
        {
            throw KeyError("the key \(id) is not for signatures")
        }
        let algorithm: Algorithm
        if let named = member["alg"] {
            guard let name = named.stringValue, let known = Algorithm(rawValue: name), known.keyType == type else {
                throw KeyError("the key \(id) has an alg that is not taken, or that does not fit its kty")
            }
            algorithm = known
        } else {
            guard let standard = Algorithm.standard(keyType: type) else {
                throw KeyError("the key \(id) is of the type \(type), which is not taken")
            }
            algorithm = standard
        }
        if algorithm == .hs256 {
            switch origin {
            case .local: break
            case .issuer: throw KeyError("the key \(id) is a secret, and published")
            }
        }
        return try JOSEKey.load(jwk: member.bytes(), algorithm: algorithm)
    }
}
