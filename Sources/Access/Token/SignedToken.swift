import JSON

/// A JSON Web Token that was taken apart, but not believed yet.
///
/// Each part has one spelling only, and what the header asks for is compared with the key, never followed.
struct SignedToken {
    /// Longer ones are refused before anything of them is read, in bytes.
    static let maximumLength = 8192

    private let text: String
    private let algorithm: Algorithm
    private let keyID: String?
    /// What it says, whoever wrote it.
    private let unverified: JSONValue

    /// What it says of its issuer: chooses whose keys it is checked with, and proves nothing.
    var claimedIssuer: String? { unverified["iss"]?.stringValue }

    init(_ text: String) throws(TokenError) {
        guard text.utf8.count <= Self.maximumLength else {
            throw TokenError(.tooLarge, "The token is longer than \(Self.maximumLength) bytes.")
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64URL.decode(parts[0]),
            let header = try? JSONValue(parsing: bytes), case .object = header
        else { throw TokenError(.malformed, "The bearer token is not a JSON Web Token.") }
        guard case .string(let name)? = header["alg"], let algorithm = Algorithm(rawValue: name) else {
            let known = Algorithm.allCases.map(\.rawValue).joined(separator: ", ")
            throw TokenError(.algorithm, "Tokens must be signed by one of \(known).")
        }
        guard header["crit"] == nil else {
            throw TokenError(.algorithm, "The token's header has critical extensions that are not known here.")
        }
        guard let payload = Base64URL.decode(parts[1]), Base64URL.decode(parts[2]) != nil else {
            throw TokenError(.malformed, "The token is cut off, or was encoded again on its way.")
        }
        guard let claims = try? JSONValue(parsing: payload), case .object = claims else {
            throw TokenError(.malformed, "The token's payload is not a JSON object.")
        }
        self.text = text
        self.algorithm = algorithm
        keyID = header["kid"]?.stringValue
        unverified = claims
    }

    /// The claims, if one of the issuer's keys signed them; with the key's name.
    func claims(signedBy keys: KeyRing) throws(TokenError) -> (claims: JSONValue, keyID: String) {
        guard let keyID, let key = keys[keyID] else {
            throw TokenError(.unknownKey, "The token was signed with a key that this server does not take.")
        }
        guard key.algorithm == algorithm else {
            throw TokenError(
                .algorithm, "The token's key is for \(key.algorithm.rawValue), not for \(algorithm.rawValue).")
        }
        // The payload has one spelling, so what was read above is what the signature is over.
        guard key.verifiedPayload(of: text) != nil else {
            throw TokenError(.signature, "The token's signature does not fit its content; ask for a new token.")
        }
        return (unverified, keyID)
    }
}
