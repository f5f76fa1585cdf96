import Testing

@testable import Secrets

@Suite("Sealed secrets")
struct SealedSecretTests {
    private let keys: NamedKeys
    private let value = Array("hunter2".utf8)

    init() throws { keys = try NamedKeys(text: Self.line) }

    private static let line = "m1:" + String(repeating: "5c", count: 32)

    private func seal(_ value: [UInt8]? = nil, tenant: Int32 = 1, name: String = "ci/token") throws -> SealedSecret {
        var generator = SystemRandomNumberGenerator()
        return try SealedSecret(value ?? self.value, tenant: tenant, name: name, under: keys, using: &generator)
    }

    private func reason(_ secret: SealedSecret, tenant: Int32 = 1, name: String = "ci/token") -> SecretError.Reason? {
        do {
            _ = try secret.open(tenant: tenant, name: name, under: keys)
            return nil
        } catch { return error.reason }
    }

    @Test("what was sealed opens, of any length", arguments: [0, 1, 15, 16, 17, 65_536])
    func roundTrip(length: Int) throws {
        let value = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        let sealed = try seal(value)
        #expect(try sealed.open(tenant: 1, name: "ci/token", under: keys) == value)
        #expect(sealed.sealed.count == length + 28 && sealed.wrapped.count == 60 && sealed.keyID == "m1")
    }

    @Test("the same value is sealed differently each time, and its bytes stand nowhere")
    func differently() throws {
        let (first, second) = (try seal(), try seal())
        #expect(first.sealed != second.sealed && first.wrapped != second.wrapped)
        for part in [first.sealed, first.wrapped] {
            #expect(!part.indices.contains { part[$0...].starts(with: value) })
        }
    }

    @Test("a single changed bit, a cut, another tenant or another name: it does not open")
    func tampered() throws {
        let secret = try seal()
        for index in secret.sealed.indices {
            var changed = secret
            changed.sealed[index] ^= 1
            #expect(reason(changed) == .unreadable)
        }
        for index in secret.wrapped.indices {
            var changed = secret
            changed.wrapped[index] ^= 0x80
            #expect(reason(changed) == .unreadable)
        }
        for length in 0..<secret.sealed.count {
            #expect(
                reason(SealedSecret(keyID: "m1", wrapped: secret.wrapped, sealed: Array(secret.sealed[..<length])))
                    == .unreadable)
        }
        #expect(reason(secret, tenant: 2) == .unreadable)
        #expect(reason(secret, name: "ci/other") == .unreadable)
        #expect(reason(secret) == nil)
        // The parts of two secrets do not fit together.
        let other = try seal(Array("other".utf8))
        #expect(reason(SealedSecret(keyID: "m1", wrapped: other.wrapped, sealed: secret.sealed)) == .unreadable)
    }

    @Test("rotation: sealed again under the new key, the value untouched; without the old key it is unreadable")
    func rotation() throws {
        let old = try seal()
        let newLine = "new:" + String(repeating: "0f", count: 32)
        let both = try NamedKeys(text: "\(newLine)\n\(Self.line)")
        let newOnly = try NamedKeys(text: newLine)
        var generator = SystemRandomNumberGenerator()
        #expect(throws: SecretError.self) { try old.open(tenant: 1, name: "ci/token", under: newOnly) }
        #expect(try old.open(tenant: 1, name: "ci/token", under: both) == value)
        let new = try old.resealed(tenant: 1, name: "ci/token", under: both, using: &generator)
        #expect(new.keyID == "new" && new.sealed == old.sealed && new.wrapped != old.wrapped)
        #expect(try new.open(tenant: 1, name: "ci/token", under: newOnly) == value)
        #expect(throws: SecretError.self) {
            try old.resealed(tenant: 1, name: "ci/other", under: both, using: &generator)
        }
    }

    @Test("the examples of the Galois/Counter Mode specification for 256-bit keys")
    func examples() throws {
        let zero = [UInt8](repeating: 0, count: 32)
        let nonce = [UInt8](repeating: 0, count: 12)
        func hex(_ bytes: some Sequence<UInt8>) -> String {
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        // Test cases 13 and 14: nothing, and sixteen zero bytes, under the zero key and nonce.
        #expect(
            hex(try AES256GCM.seal([], key: zero, nonce: nonce, context: []).dropFirst(12))
                == "530f8afbc74536b9a963b4f1c4cb738b")
        #expect(
            hex(
                try AES256GCM.seal([UInt8](repeating: 0, count: 16), key: zero, nonce: nonce, context: []).dropFirst(12)
            )
                == "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
    }
}
