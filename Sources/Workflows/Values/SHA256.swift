private import COpenSSL

/// SHA-256 (FIPS 180-4), for keys that must not collide whatever texts they are made of.
enum SHA256 {
    /// The digest of some octets in small hexadecimal digits.
    static func hexadecimal(_ octets: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var digest = [UInt8](repeating: 0, count: 32)
        unsafe COpenSSL.SHA256(octets, octets.count, &digest)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
