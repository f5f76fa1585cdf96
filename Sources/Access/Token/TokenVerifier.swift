import JSON

/// Turns a bearer token into a principal, or says why not. Pure but for the key rings: the time is a parameter.
///
/// The algorithm is the key's (RFC 8725 §3.1): a header that asks for another is refused, so neither `none` nor a public
/// key taken for a secret gets anywhere. A token is checked with the keys of the issuer that it names and no others.
public struct TokenVerifier: Sendable {
    /// Longer ones are refused before anything of them is read.
    public static let maximumLength = SignedToken.maximumLength

    /// By `iss`.
    private let issuers: [String: Issuer]
    private let leeway: Int64
    /// The one whose claims refusals explain.
    private let first: Issuer

    /// - Parameters:
    ///   - first: the node's own issuer.
    ///   - others: OpenID providers; of several with one URL the last counts.
    ///   - leeway: clocks may differ by as many seconds.
    public init(_ first: Issuer, others: [Issuer] = [], leeway: Int64 = 30) {
        self.first = first
        issuers = Dictionary(([first] + others).map { ($0.url, $0) }, uniquingKeysWith: { $1 })
        self.leeway = leeway
    }

    public init(keys: KeyRing, issuer: String, audience: String, leeway: Int64 = 30) {
        self.init(Issuer(url: issuer, audience: audience, keys: keys, mapping: .local), leeway: leeway)
    }

    public init(keys: KeySet, issuer: String, audience: String, leeway: Int64 = 30) {
        self.init(keys: KeyRing(keys), issuer: issuer, audience: audience, leeway: leeway)
    }

    /// - Parameter now: seconds since 1970.
    public func verify(_ token: String, now: Int64) throws(TokenError) -> Principal {
        try check(SignedToken(token), now: now).principal
    }

    /// The principal, with what it takes to tell later whether its key is still taken.
    func check(_ token: SignedToken, now: Int64) throws(TokenError) -> VerifiedToken {
        guard let issuer = issuer(of: token) else {
            throw TokenError(
                .issuer,
                "The token is from an issuer that this server does not take; it takes those of "
                    + "\(issuers.keys.sorted().joined(separator: ", ")).")
        }
        let (claims, keyID) = try token.claims(signedBy: issuer.keys)
        let checks = ClaimChecks(issuer: issuer.url, audience: issuer.audience, leeway: leeway)
        let expiresAt = try checks.expiry(of: claims, now: now)
        return VerifiedToken(
            principal: try issuer.mapping.principal(of: claims, expiresAt: expiresAt), issuer: issuer.url,
            keyID: keyID, isLocal: issuer.url == first.url)
    }

    /// Whom the token names, if that is an issuer here.
    func issuer(of token: SignedToken) -> Issuer? {
        guard let name = token.claimedIssuer else { return nil }
        return issuers[name]
    }

    /// Whether tokens under this key are still taken.
    func takes(keyID: String, of issuer: String) -> Bool { issuers[issuer]?.keys[keyID] != nil }

    /// Whether tokens under this key of the node's own are still taken.
    func takesLocal(keyID: String) -> Bool { first.keys[keyID] != nil }
}

/// What a token says, and whose key said so.
struct VerifiedToken: Sendable {
    let principal: Principal
    let issuer: String
    let keyID: String
    /// Whether the node itself is the issuer.
    let isLocal: Bool
}
