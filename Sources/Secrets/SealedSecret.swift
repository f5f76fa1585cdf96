/// A secret as the database has it: its value under a key of its own, and that key under a master key (an envelope).
///
/// Each is bound to its tenant and name, so that a row copied to another place does not open there. A value's key seals
/// once, so its nonce cannot repeat; master keys seal under random nonces, safe for 2^32 values (NIST SP 800-38D §8.3).
public struct SealedSecret: Sendable, Equatable {
    /// The master key's name.
    public var keyID: String
    /// The value's key: nonce, 32 bytes, tag.
    public var wrapped: [UInt8]
    /// The value: nonce, as many bytes as it has, tag.
    public var sealed: [UInt8]

    public init(keyID: String, wrapped: [UInt8], sealed: [UInt8]) {
        self.keyID = keyID
        self.wrapped = wrapped
        self.sealed = sealed
    }

    /// Seals a value.
    public init(
        _ value: [UInt8], tenant: Int32, name: String, under keys: NamedKeys,
        using generator: inout some RandomNumberGenerator
    ) throws(SecretError) {
        let own = generator.bytes(AES256GCM.keyLength)
        sealed = try AES256GCM.seal(
            value, key: own, nonce: generator.bytes(AES256GCM.nonceLength), context: Self.valueContext(tenant, name))
        keyID = keys.current.id
        wrapped = try AES256GCM.seal(
            own, key: keys.current.bytes, nonce: generator.bytes(AES256GCM.nonceLength),
            context: Self.keyContext(keys.current.id, tenant, name))
    }

    /// The value.
    public func open(tenant: Int32, name: String, under keys: NamedKeys) throws(SecretError) -> [UInt8] {
        let own = try key(tenant, name, keys)
        guard let value = AES256GCM.open(sealed, key: own, context: Self.valueContext(tenant, name)) else {
            throw SecretError(.unreadable, "the secret \(name) was changed since it was sealed")
        }
        return value
    }

    /// The same under the current master key; the value itself is not opened.
    public func resealed(
        tenant: Int32, name: String, under keys: NamedKeys, using generator: inout some RandomNumberGenerator
    ) throws(SecretError) -> Self {
        let wrapped = try AES256GCM.seal(
            key(tenant, name, keys), key: keys.current.bytes, nonce: generator.bytes(AES256GCM.nonceLength),
            context: Self.keyContext(keys.current.id, tenant, name))
        return Self(keyID: keys.current.id, wrapped: wrapped, sealed: sealed)
    }

    private func key(_ tenant: Int32, _ name: String, _ keys: NamedKeys) throws(SecretError) -> [UInt8] {
        guard let master = keys[keyID] else {
            throw SecretError(
                .unreadable, "the secret \(name) is sealed under the master key \(keyID), which is not here")
        }
        let context = Self.keyContext(keyID, tenant, name)
        guard let own = AES256GCM.open(wrapped, key: master.bytes, context: context), own.count == AES256GCM.keyLength
        else { throw SecretError(.unreadable, "the secret \(name) does not open under the master key \(keyID)") }
        return own
    }

    private static func valueContext(_ tenant: Int32, _ name: String) -> [UInt8] {
        Array("beamline secret 1\0\(tenant)\0\(name)".utf8)
    }

    private static func keyContext(_ id: String, _ tenant: Int32, _ name: String) -> [UInt8] {
        Array("beamline key 1\0\(id)\0\(tenant)\0\(name)".utf8)
    }
}

extension RandomNumberGenerator {
    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}
