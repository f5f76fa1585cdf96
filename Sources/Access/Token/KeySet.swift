import JSON

/// The public keys that tokens may be signed with (a JWK set, RFC 7517 §5), by their `kid`.
public struct KeySet: Sendable {
    private let keys: [String: JOSEKey]

    /// Reads `{"keys": […]}` or a single JWK; every key needs a `kid` of its own.
    public init(json text: [UInt8]) throws(KeyError) {
        let value: JSONValue
        do { value = try JSONValue(parsing: text) } catch { throw KeyError("the key set is not JSON: \(error)") }
        let members: [JSONValue]
        if case .array(let listed)? = value["keys"] { members = listed } else { members = [value] }
        try self.init(
            members.map { member throws(KeyError) in try JOSEKey.load(jwk: member.bytes()) })
    }

    /// The public half of signing keys.
    public init(_ keys: [SigningKey]) throws(KeyError) {
        try self.init(keys.map(\.key))
    }

    private init(_ listed: [JOSEKey]) throws(KeyError) {
        var keys: [String: JOSEKey] = [:]
        for key in listed {
            guard let id = key.id, !id.isEmpty else { throw KeyError("a key has no kid") }
            guard keys.updateValue(key, forKey: id) == nil else { throw KeyError("two keys have the kid \(id)") }
        }
        guard !keys.isEmpty else { throw KeyError("the key set is empty") }
        self.keys = keys
    }

    subscript(id: String) -> JOSEKey? { keys[id] }
}

/// A private key that signs tokens.
public struct SigningKey: Sendable {
    let key: JOSEKey

    /// A new key.
    ///
    /// - Parameter id: the `kid`, which must differ from those of all keys that verifiers still take.
    public static func generate(id: String) throws(KeyError) -> Self {
        try Self(key: JOSEKey.generate(id: id))
    }

    /// A private JWK as JSON text.
    public init(json text: [UInt8]) throws(KeyError) {
        key = try JOSEKey.load(jwk: text)
        guard try key.jwk(includingPrivate: true) != key.jwk(includingPrivate: false) else {
            throw KeyError("the key has no private part")
        }
    }

    private init(key: JOSEKey) { self.key = key }

    /// The private JWK, for a file that only its owner may read.
    public func privateJWK() throws(KeyError) -> String { try key.jwk(includingPrivate: true) }

    /// The set with the public half alone, as verifiers load it.
    public func publicKeySet() throws(KeyError) -> String {
        #"{"keys":["# + (try key.jwk(includingPrivate: false)) + "]}"
    }
}
