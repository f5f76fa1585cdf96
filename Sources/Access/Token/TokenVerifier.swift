import JSON

/// Turns a bearer token into a principal, or says why not. Pure but for the key ring: the time is a parameter.
///
/// The algorithm is the key's (RFC 8725 §3.1): a header that asks for another is refused, so neither `none` nor a public
/// key taken for a secret gets anywhere. Each part of a token has one spelling only.
public struct TokenVerifier: Sendable {
    /// Longer ones are refused before anything of them is read.
    public static let maximumLength = 8192

    private let keys: KeyRing
    private let issuer: String
    private let audience: String
    /// Clocks may differ by as many seconds.
    private let leeway: Int64

    public init(keys: KeyRing, issuer: String, audience: String, leeway: Int64 = 30) {
        self.keys = keys
        self.issuer = issuer
        self.audience = audience
        self.leeway = leeway
    }

    public init(keys: KeySet, issuer: String, audience: String, leeway: Int64 = 30) {
        self.init(keys: KeyRing(keys), issuer: issuer, audience: audience, leeway: leeway)
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
        guard case .string(let id)? = header["kid"], let key = keys[id] else {
            throw TokenError(.unknownKey, "The token was signed with a key that this server does not take.")
        }
        guard key.algorithm == algorithm else {
            throw TokenError(.algorithm, "The token's key is for \(key.algorithm.rawValue), not for \(name).")
        }
        guard Base64URL.decode(parts[1]) != nil, Base64URL.decode(parts[2]) != nil else {
            throw TokenError(.malformed, "The token is cut off, or was encoded again on its way.")
        }
        return key
    }

    private func principal(of claims: JSONValue, now: Int64) throws(TokenError) -> Principal {
        guard claims["iss"] == .string(issuer) else {
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
        let (roles, customRoles) = try roles(claims["roles"])
        var tokenID: String?
        if case .string(let id)? = claims["jti"], (1...255).contains(id.utf8.count) { tokenID = id }
        return Principal(
            subject: subject, tenant: tenant, roles: roles, customRoles: customRoles, expiresAt: expiresAt,
            tokenID: tokenID)
    }

    /// The built-in roles, and the names of those that may be the tenant's own; what is neither grants nothing.
    private func roles(_ claim: JSONValue?) throws(TokenError) -> (Set<Role>, [String]) {
        guard case .array(let listed)? = claim else { throw TokenError(.claims, "The token has no roles.") }
        guard listed.count <= 50 else { throw TokenError(.claims, "The token has more than 50 roles.") }
        var roles: Set<Role> = []
        var custom: [String] = []
        for case .string(let name) in listed {
            if let role = Role(rawValue: name) {
                roles.insert(role)
            } else if Role.isCustomName(name), !custom.contains(name) {
                custom.append(name)
            }
        }
        guard !roles.isEmpty || !custom.isEmpty else { throw TokenError(.claims, "The token has no role.") }
        return (roles, custom)
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
