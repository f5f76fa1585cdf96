private import CJOSE
import Glibc
import JSON

/// A key held by libcjose; private where it signs.
///
/// Sendable because libcjose and OpenSSL only read a key after its import; its reference count, which is not atomic, is
/// never touched between `init` and `deinit`.
@safe final class JOSEKey: @unchecked Sendable {
    private let key: OpaquePointer
    /// The one that it is for.
    let algorithm: Algorithm

    /// Takes over the key.
    private init(_ key: OpaquePointer, _ algorithm: Algorithm) {
        unsafe self.key = key
        self.algorithm = algorithm
    }

    deinit { _ = unsafe cjose_jwk_release(key) }

    /// A new private key, with a name of its own.
    static func generate(id: String, algorithm: Algorithm) throws(KeyError) -> JOSEKey {
        var error = unsafe cjose_err()
        var exponent: [UInt8] = [1, 0, 1]
        let made: OpaquePointer? =
            switch algorithm {
            case .hs256: unsafe cjose_jwk_create_oct_random(256, &error)
            case .rs256, .ps256: unsafe cjose_jwk_create_RSA_random(2048, &exponent, exponent.count, &error)
            case .es256: unsafe cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error)
            }
        guard let key = unsafe made else { throw KeyError("the key could not be made: \(unsafe text(of: error))") }
        let owner = unsafe JOSEKey(key, algorithm)
        guard unsafe cjose_jwk_set_kid(key, id, id.utf8.count, &error) else {
            throw KeyError("the key could not be named: \(unsafe text(of: error))")
        }
        return owner
    }

    /// A JWK (RFC 7517 §4) as JSON text, of which the caller knows what it is for.
    static func load(jwk: [UInt8], algorithm: Algorithm) throws(KeyError) -> JOSEKey {
        var error = unsafe cjose_err()
        let key = unsafe jwk.withUnsafeBytes {
            unsafe cjose_jwk_import($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count, &error)
        }
        guard let key = unsafe key else { throw KeyError("not a key: \(unsafe text(of: error))") }
        let loaded = unsafe JOSEKey(key, algorithm)
        try loaded.checkStrength()
        return loaded
    }

    /// RFC 7518 §3.2 and §3.3; the upper bound keeps a verification short.
    private func checkStrength() throws(KeyError) {
        let type = unsafe cjose_jwk_get_kty(key, nil)
        let bits = unsafe cjose_jwk_get_keysize(key, nil)
        switch algorithm {
        case .hs256:
            guard type == CJOSE_JWK_KTY_OCT else { throw KeyError("HS256 takes a key of type oct") }
            guard bits >= 256 else { throw KeyError("HS256 takes a secret of 32 bytes or more") }
        case .rs256, .ps256:
            guard type == CJOSE_JWK_KTY_RSA else { throw KeyError("\(algorithm.rawValue) takes a key of type RSA") }
            guard 2048...8192 ~= bits else { throw KeyError("an RSA key must have 2048 to 8192 bits; it has \(bits)") }
        case .es256:
            guard type == CJOSE_JWK_KTY_EC, unsafe cjose_jwk_EC_get_curve(key, nil) == CJOSE_JWK_EC_P_256 else {
                throw KeyError("ES256 takes an elliptic-curve key on P-256")
            }
        }
    }

    /// The `kid`.
    var id: String? {
        guard let id = unsafe cjose_jwk_get_kid(key, nil) else { return nil }
        return unsafe String(cString: id)
    }

    /// The key as a JWK, with its private part if asked for and there is one.
    func jwk(includingPrivate: Bool) throws(KeyError) -> String {
        var error = unsafe cjose_err()
        guard let text = unsafe cjose_jwk_to_json(key, includingPrivate, &error) else {
            throw KeyError("the key could not be written: \(unsafe Self.text(of: error))")
        }
        defer { unsafe free(text) }
        // libcjose does not keep what a key is for.
        guard var members = try? JSONValue(parsing: unsafe String(cString: text)).objectValue else {
            throw KeyError("the key could not be written")
        }
        members["alg"] = .string(algorithm.rawValue)
        return JSONValue.object(members).text()
    }

    /// The compact form of the payload signed with this key (RFC 7515 §3.1).
    func sign(_ payload: [UInt8]) throws(KeyError) -> String {
        var error = unsafe cjose_err()
        guard let header = unsafe cjose_header_new(&error) else {
            throw KeyError("no header: \(unsafe Self.text(of: error))")
        }
        defer { unsafe cjose_header_release(header) }
        guard unsafe cjose_header_set(header, "alg", algorithm.rawValue, &error),
            unsafe cjose_header_set(header, "typ", "JWT", &error),
            unsafe cjose_header_set(header, "kid", id ?? "", &error)
        else { throw KeyError("no header: \(unsafe Self.text(of: error))") }
        let signed = unsafe payload.withUnsafeBufferPointer {
            unsafe cjose_jws_sign(key, header, $0.baseAddress, $0.count, &error)
        }
        guard let signed = unsafe signed else { throw KeyError("not signed: \(unsafe Self.text(of: error))") }
        defer { unsafe cjose_jws_release(signed) }
        // Borrowed from `signed`.
        var compact: UnsafePointer<CChar>?
        guard unsafe cjose_jws_export(signed, &compact, &error), let compact = unsafe compact else {
            throw KeyError("not signed: \(unsafe Self.text(of: error))")
        }
        return unsafe String(cString: compact)
    }

    /// The payload of a compact JWS if this key signed it; `nil` when it did not.
    ///
    /// libcjose verifies by the algorithm of the token's header: the caller has compared that with the key's.
    func verifiedPayload(of compact: String) -> [UInt8]? {
        var compact = compact
        return compact.withUTF8 { bytes in
            let jws = unsafe UnsafeRawBufferPointer(bytes).withMemoryRebound(to: CChar.self) {
                unsafe cjose_jws_import($0.baseAddress, $0.count, nil)
            }
            guard let jws = unsafe jws else { return nil }
            defer { unsafe cjose_jws_release(jws) }
            guard unsafe cjose_jws_verify(jws, key, nil) else { return nil }
            // Borrowed from `jws`.
            var payload: UnsafeMutablePointer<UInt8>?
            var count = 0
            guard unsafe cjose_jws_get_plaintext(jws, &payload, &count, nil), let payload = unsafe payload else {
                return nil
            }
            return unsafe Array(UnsafeBufferPointer(start: payload, count: count))
        }
    }

    private static func text(of error: cjose_err) -> String {
        guard let message = unsafe error.message else { return "unknown error" }
        return unsafe String(cString: message)
    }
}

/// A key that cannot be made, read or used.
public struct KeyError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
