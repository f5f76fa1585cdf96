private import COpenSSL

/// SHA-256 (FIPS 180-4) of bytes in memory.
public enum SHA256 {
    /// The 32 octets of the digest.
    public static func digest(of bytes: some Collection<UInt8>) -> [UInt8] {
        let bytes = Array(bytes)
        var digest = [UInt8](repeating: 0, count: 32)
        unsafe COpenSSL.SHA256(bytes, bytes.count, &digest)
        return digest
    }

    /// The digest in lower-case hexadecimal.
    public static func hex(of bytes: some Collection<UInt8>) -> String {
        digest(of: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
