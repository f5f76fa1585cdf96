/// Whose tokens are taken: the node's own, or an OpenID provider's.
public struct Issuer: Sendable {
    /// `iss`, letter by letter.
    public let url: String
    /// What `aud` must have.
    public let audience: String
    public let keys: KeyRing
    public let mapping: ClaimMapping
    /// Where its keys come from, when they are not the operator's file.
    let source: (any IssuerKeySource)?

    public init(
        url: String, audience: String, keys: KeyRing, mapping: ClaimMapping, source: (any IssuerKeySource)? = nil
    ) {
        self.url = url
        self.audience = audience
        self.keys = keys
        self.mapping = mapping
        self.source = source
    }
}

/// Fetches an issuer's keys into its ring.
public protocol IssuerKeySource: Sendable {
    /// Asks the issuer for its keys because a token names one that is not known, unless that was done just now.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Returns: whether the ring was filled anew, so that the token may be tried once more.
    /// - Throws: when there are no keys that may be used.
    func refresh(now: Int64) async throws(IssuerUnavailable) -> Bool
}

/// An issuer whose keys cannot be had: nobody's token is wrong, but none of its tokens can be checked.
public struct IssuerUnavailable: Error, Sendable, Equatable, CustomStringConvertible {
    /// Stable, for programs.
    public static let code = "issuer_unavailable"

    public let description: String

    public init(issuer: String, reason: String) {
        description = "The keys of the issuer \(issuer) cannot be fetched, so its tokens cannot be checked: \(reason)."
    }
}
