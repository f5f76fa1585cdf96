import JSON

/// The claims that every token must have (RFC 7519 §4.1): who issued it, for whom, and when it is good.
struct ClaimChecks: Sendable {
    let issuer: String
    let audience: String
    /// Clocks may differ by as many seconds.
    let leeway: Int64

    /// - Parameter now: seconds since 1970.
    /// - Returns: when the token ends, in seconds since 1970.
    func expiry(of claims: JSONValue, now: Int64) throws(TokenError) -> Int64 {
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
        return expiresAt
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
