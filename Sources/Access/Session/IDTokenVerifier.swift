import JSON

/// Checks the ID token that a provider gives for a code (OpenID Connect Core 1.0 §3.1.3.7).
public struct IDTokenVerifier: Sendable {
    private let issuer: Issuer
    private let clientID: String
    private let leeway: Int64

    /// - Parameter issuer: whose audience is not looked at: an ID token is for the client.
    public init(issuer: Issuer, clientID: String, leeway: Int64 = 30) {
        self.issuer = issuer
        self.clientID = clientID
        self.leeway = leeway
    }

    /// - Parameters:
    ///   - nonce: of the request that the browser began.
    ///   - now: seconds since 1970.
    /// - Throws: `TokenError`, or `IssuerUnavailable`.
    public func verify(_ text: String, nonce: String, now: Int64) async throws -> IDToken {
        let token = try SignedToken(text)
        let claims: JSONValue
        do {
            claims = try token.claims(signedBy: issuer.keys).claims
        } catch {
            guard error.code == .unknownKey, let source = issuer.source, try await source.refresh(now: now) else {
                throw error
            }
            claims = try token.claims(signedBy: issuer.keys).claims
        }
        let checks = ClaimChecks(issuer: issuer.url, audience: clientID, leeway: leeway)
        let expiresAt = try checks.expiry(of: claims, now: now)
        if case .array(let audiences)? = claims["aud"], audiences.count > 1 {
            guard claims["azp"] == .string(clientID) else {
                throw TokenError(.audience, "The ID token is for several audiences, and its azp is not this client.")
            }
        }
        guard claims["nonce"] == .string(nonce) else {
            throw TokenError(.claims, "The ID token belongs to another sign-in (nonce).")
        }
        return IDToken(claims: claims, expiresAt: expiresAt)
    }
}

/// An ID token that holds; whether its person has a place here is another question.
public struct IDToken: Sendable {
    let claims: JSONValue
    let expiresAt: Int64

    /// The person, as the operator's mapping has it.
    public func principal(by mapping: ClaimMapping) throws(TokenError) -> Principal {
        try mapping.principal(of: claims, expiresAt: expiresAt)
    }
}

/// A provider at which people sign in.
public protocol SignInProvider: Sendable {
    /// Short, for URLs.
    var name: String { get }
    /// For people.
    var title: String { get }
    /// Its own name, as its answers have it (RFC 9207).
    var issuerURL: String { get }

    /// Where the browser is sent.
    ///
    /// - Throws: `SignInFailure`.
    func url(for request: SignInRequest) async throws(SignInFailure) -> String
    /// Redeems the code that the browser came back with.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Throws: `SignInFailure`.
    func signIn(code: String, for request: SignInRequest, now: Int64) async throws(SignInFailure) -> SignIn
}

/// Why nobody was signed in. The description is for the operator's log: it may have a provider's words.
public struct SignInFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Stable; the dashboard has a sentence for each.
    public enum Code: String, Sendable, CaseIterable {
        /// The provider does not answer, or not as it should.
        case provider = "provider_failed"
        /// The person, or the provider, said no.
        case denied = "access_denied"
        /// The browser has no sign-in under way, or another one.
        case request = "sign_in_expired"
        /// The provider's token does not hold.
        case token = "token_refused"
        /// The person has no role, or no tenant, here.
        case account = "no_account"
    }

    public let code: Code
    public let description: String

    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
