import JSON

/// Turns a bearer token into a principal, or says why not. Pure: the time is a parameter.
///
/// Only ES256 is taken (RFC 7518 §3.4, RFC 8725 §3.1): what the token's own header asks for decides nothing but which
/// key is tried.
public struct TokenVerifier: Sendable {
    /// Longer ones are refused before anything of them is read.
    public static let maximumLength = 8192

    private let keys: KeySet
    private let issuer: String
    private let audience: String
    /// Clocks may differ by as many seconds.
    private let leeway: Int64

    public init(keys: KeySet, issuer: String, audience: String, leeway: Int64 = 30) {
        self.keys = keys
        self.issuer = issuer
        self.audience = audience
        self.leeway = leeway
    }

    /// - Parameter now: seconds since 1970.
    public func verify(_ token: String, now: Int64) throws(TokenError) -> Principal {
        guard token.utf8.count <= Self.maximumLength else {
            throw TokenError(.tooLarge, "The token is longer than \(Self.maximumLength) bytes.")
        }
        let key = try key(for: token)
        guard let payload = key.verifiedPayload(of: token) else {
            throw TokenError(.signature, "The token's signature does not fit its content; ask for a new token.")
        }
        guard let claims = try? JSONValue(parsing: payload), case .object = claims else {
            throw TokenError(.malformed, "The token's payload is not a JSON object.")
        }
        return try principal(of: claims, now: now)
    }

    private func key(for token: String) throws(TokenError) -> JOSEKey {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = JOSEKey.decodeBase64URL(parts[0]),
            let header = try? JSONValue(parsing: bytes), case .object = header
        else { throw TokenError(.malformed, "The bearer token is not a JSON Web Token.") }
        guard case .string("ES256")? = header["alg"] else {
            throw TokenError(.algorithm, "Tokens must be signed by ES256.")
        }
        guard header["crit"] == nil else {
            throw TokenError(.algorithm, "The token's header has critical extensions that are not known here.")
        }
        guard case .string(let id)? = header["kid"], let key = keys[id] else {
            throw TokenError(.unknownKey, "The token was signed with a key that this server does not take.")
        }
        return key
    }

    private func principal(of claims: JSONValue, now: Int64) throws(TokenError) -> Principal {
        guard case .string(issuer)? = claims["iss"] else {
            throw TokenError(.issuer, "The token is from another issuer; this server takes those of \(issuer).")
        }
        guard isForUs(claims["aud"]) else {
            throw TokenError(.audience, "The token is for another audience; this server is \(audience).")
        }
        guard let expiresAt = seconds(claims["exp"]) else {
            throw TokenError(.claims, "The token has no expiry (exp).")
        }
        guard now < expiresAt.addingClamped(leeway) else {
            throw TokenError(.expired, "The token has expired; ask for a new one.")
        }
        for name in ["nbf", "iat"] {
            guard let claim = claims[name] else { continue }
            guard let from = seconds(claim) else { throw TokenError(.claims, "The token's \(name) is not a time.") }
            guard from <= now + leeway else {
                throw TokenError(.notYetValid, "The token is not valid yet; check the clocks.")
            }
        }
        guard case .string(let subject)? = claims["sub"], !subject.isEmpty, subject.utf8.count <= 255 else {
            throw TokenError(.claims, "The token has no subject (sub).")
        }
        guard case .string(let tenant)? = claims["tenant"], Principal.isTenantName(tenant) else {
            throw TokenError(.claims, "The token has no tenant, or its tenant is not a valid name.")
        }
        // Roles that this version does not know grant nothing.
        guard case .array(let listed)? = claims["roles"] else {
            throw TokenError(.claims, "The token has no roles.")
        }
        let roles = listed.compactMap { role -> Role? in
            guard case .string(let name) = role else { return nil }
            return Role(rawValue: name)
        }
        guard !roles.isEmpty else { throw TokenError(.claims, "The token has no role that is known here.") }
        var tokenID: String?
        if case .string(let id)? = claims["jti"] { tokenID = id }
        return Principal(
            subject: subject, tenant: tenant, roles: Set(roles), expiresAt: expiresAt, tokenID: tokenID)
    }

    private func isForUs(_ claim: JSONValue?) -> Bool {
        switch claim {
        case .string(let name): name == audience
        case .array(let names): names.contains { $0 == .string(audience) }
        default: false
        }
    }

    /// A NumericDate (RFC 7519 §2): whole seconds, or a fraction that is cut off.
    private func seconds(_ claim: JSONValue?) -> Int64? {
        switch claim {
        case .int(let seconds): seconds
        case .double(let seconds): Int64(exactly: seconds.rounded(.down))
        default: nil
        }
    }
}

extension Int64 {
    fileprivate func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
