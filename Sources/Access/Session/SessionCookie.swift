/// The dashboard's cookie: a signed token that scripts cannot read and other sites cannot send.
public enum SessionCookie {
    /// With the `__Host-` prefix over TLS, so that no subdomain and no plain connection can set it (RFC 6265bis §4.1.3);
    /// browsers refuse that prefix on plain http, where only a loopback server is used.
    public static func name(secure: Bool) -> String {
        secure ? "__Host-beamline_session" : "beamline_session"
    }

    /// The value of `Set-Cookie`.
    public static func set(token: String, maxAge: Int64, secure: Bool) -> String {
        "\(name(secure: secure))=\(token); Path=/; HttpOnly; SameSite=Strict; Max-Age=\(maxAge)"
            + (secure ? "; Secure" : "")
    }

    /// The value of `Set-Cookie` that ends the session in the browser.
    public static func clear(secure: Bool) -> String { set(token: "", maxAge: 0, secure: secure) }

    /// The token in the values of `Cookie`.
    public static func token(in cookies: [String], secure: Bool) -> String? {
        let name = name(secure: secure)
        for header in cookies {
            for pair in header.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                guard let equals = pair.firstIndex(of: "="), pair[..<equals] == name else { continue }
                let value = pair[pair.index(after: equals)...]
                return value.isEmpty ? nil : String(value)
            }
        }
        return nil
    }
}

/// Whether a request that a browser authenticated by cookie may change something: only from our own pages.
public enum CrossSiteCheck {
    /// - Parameters:
    ///   - fetchSite: `Sec-Fetch-Site`, which browsers send and scripts cannot forge.
    ///   - origin: `Origin`; compared where the former is missing.
    ///   - target: scheme and authority that the request was sent to: `https://beamline.example:8443`.
    public static func allows(method: String, fetchSite: String?, origin: String?, target: String) -> Bool {
        switch method {
        case "GET", "HEAD", "OPTIONS": return true
        default: break
        }
        if let fetchSite { return fetchSite == "same-origin" || fetchSite == "none" }
        // A browser without fetch metadata sends Origin with every unsafe request.
        guard let origin else { return false }
        return origin.lowercased() == target.lowercased()
    }
}
