private import COpenSSL
internal import Secrets

/// HMAC with SHA-256 (RFC 2104, FIPS 180-4).
enum AuditCode {
    static func make(_ bytes: AuditBytes, key: NamedKeys.Key) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 0
        let made = unsafe bytes.content.withUnsafeBufferPointer { content in
            unsafe code.withUnsafeMutableBufferPointer { code in
                unsafe HMAC(
                    EVP_sha256(), key.bytes, Int32(key.bytes.count), content.baseAddress, content.count,
                    code.baseAddress, &count) != nil
            }
        }
        precondition(made && count == 32, "OpenSSL has no HMAC with SHA-256")
        return code
    }

    /// Whether it is the code of these bytes; takes as long whatever the answer.
    static func isRight(_ code: [UInt8], _ bytes: AuditBytes, key: NamedKeys.Key) -> Bool {
        let expected = make(bytes, key: key)
        guard code.count == expected.count else { return false }
        return unsafe CRYPTO_memcmp(code, expected, expected.count) == 0
    }
}
