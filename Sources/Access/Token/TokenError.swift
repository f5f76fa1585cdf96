/// Why a token or an API key was refused. The message says what to do and never repeats the token.
public struct TokenError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Stable, for programs.
    public enum Code: String, Sendable, CaseIterable {
        case missing = "token_missing"
        case tooLarge = "token_too_large"
        case malformed = "token_malformed"
        case algorithm = "token_algorithm"
        case unknownKey = "token_unknown_key"
        case signature = "token_signature"
        case expired = "token_expired"
        case notYetValid = "token_not_yet_valid"
        case issuer = "token_issuer"
        case audience = "token_audience"
        case claims = "token_claims"
        case revoked = "token_revoked"
        case keyUnknown = "key_unknown"
        case keyExpired = "key_expired"
        case keyRevoked = "key_revoked"
        case sessionUnknown = "session_unknown"
        case sessionExpired = "session_expired"
        case sessionEnded = "session_ended"
        case certificateName = "certificate_name"
        case certificateExpired = "certificate_expired"
        case certificateRevoked = "certificate_revoked"
    }

    public let code: Code
    public let description: String

    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
