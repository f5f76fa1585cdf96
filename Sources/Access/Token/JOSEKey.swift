private import CJOSE
import Glibc

/// An elliptic-curve key on P-256, held by libcjose; private where it signs.
///
/// Sendable because libcjose and OpenSSL only read a key after its import; its reference count, which is not atomic, is
/// never touched between `init` and `deinit`.
@safe final class JOSEKey: @unchecked Sendable {
    private let key: OpaquePointer

    /// Takes over the key.
    private init(_ key: OpaquePointer) { unsafe self.key = key }

    deinit { _ = unsafe cjose_jwk_release(key) }

    /// A new private key, with a name of its own.
    static func generate(id: String) throws(KeyError) -> JOSEKey {
        var error = unsafe cjose_err()
        guard let key = unsafe cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error) else {
            throw KeyError("the key could not be made: \(unsafe text(of: error))")
        }
        let made = unsafe JOSEKey(key)
        guard unsafe cjose_jwk_set_kid(key, id, id.utf8.count, &error) else {
            throw KeyError("the key could not be named: \(unsafe text(of: error))")
        }
        return made
    }

    /// A JWK (RFC 7517 §4) as JSON text.
    static func load(jwk: [UInt8]) throws(KeyError) -> JOSEKey {
        var error = unsafe cjose_err()
        let key = unsafe jwk.withUnsafeBytes {
            unsafe cjose_jwk_import($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count, &error)
        }
        guard let key = unsafe key else { throw KeyError("not a key: \(unsafe text(of: error))") }
        let loaded = unsafe JOSEKey(key)
        guard unsafe cjose_jwk_get_kty(key, &error) == CJOSE_JWK_KTY_EC,
            unsafe cjose_jwk_EC_get_curve(key, &error) == CJOSE_JWK_EC_P_256
        else { throw KeyError("only elliptic-curve keys on P-256 (ES256) are taken") }
        return loaded
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
        return unsafe String(cString: text)
    }

    /// The compact form of the payload signed with this key by ES256 (RFC 7515 §3.1).
    func sign(_ payload: [UInt8]) throws(KeyError) -> String {
        var error = unsafe cjose_err()
        guard let header = unsafe cjose_header_new(&error) else {
            throw KeyError("no header: \(unsafe Self.text(of: error))")
        }
        defer { unsafe cjose_header_release(header) }
        guard unsafe cjose_header_set(header, "alg", "ES256", &error),
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

    /// The bytes of a base64url text without padding (RFC 4648 §5).
    static func decodeBase64URL(_ text: Substring) -> [UInt8]? {
        guard !text.isEmpty else { return nil }
        var output: UnsafeMutablePointer<UInt8>?
        var count = 0
        var text = text
        let decoded = text.withUTF8 { bytes in
            unsafe UnsafeRawBufferPointer(bytes).withMemoryRebound(to: CChar.self) {
                unsafe cjose_base64url_decode($0.baseAddress, $0.count, &output, &count, nil)
            }
        }
        guard decoded, let output = unsafe output else { return nil }
        defer { unsafe free(output) }
        return unsafe Array(UnsafeBufferPointer(start: output, count: count))
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
