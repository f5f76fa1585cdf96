import JSON

/// A private key that signs tokens.
public struct SigningKey: Sendable {
    let key: JOSEKey

    /// A new key.
    ///
    /// - Parameter id: the `kid`, which must differ from those of all keys that verifiers still take.
    public static func generate(id: String, algorithm: Algorithm = .es256) throws(KeyError) -> Self {
        try Self(key: JOSEKey.generate(id: id, algorithm: algorithm))
    }

    /// A private JWK as JSON text.
    public init(json text: [UInt8]) throws(KeyError) {
        let value: JSONValue
        do { value = try JSONValue(parsing: text) } catch { throw KeyError("the key is not JSON: \(error)") }
        key = try JWK.load(value, origin: .local)
        switch key.algorithm {
        case .hs256: break
        case .rs256, .ps256, .es256:
            guard value["d"]?.stringValue != nil else { throw KeyError("the key has no private part") }
        }
    }

    private init(key: JOSEKey) { self.key = key }

    public var algorithm: Algorithm { key.algorithm }

    /// The private JWK, for a file that only its owner may read.
    public func privateJWK() throws(KeyError) -> String { try key.jwk(includingPrivate: true) }

    /// The set with the public half alone, as verifiers load it.
    public func publicKeySet() throws(KeyError) -> String {
        switch key.algorithm {
        case .hs256: throw KeyError("an HS256 key has no public half: verifiers need the secret itself")
        case .rs256, .ps256, .es256: return #"{"keys":["# + (try key.jwk(includingPrivate: false)) + "]}"
        }
    }
}
