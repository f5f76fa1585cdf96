/// The dashboard's cookie: a session's text, which scripts cannot read. Other sites can make a browser send it only with
/// a navigation (`SameSite=Lax`), which is how a provider sends people back.
public enum SessionCookie {
    /// With the `__Host-` prefix over TLS, so that no subdomain and no plain connection can set it (RFC 6265bis §4.1.3);
    /// browsers refuse that prefix on plain http, where only a loopback server is used.
    public static func name(secure: Bool) -> String {
        HostCookie.name("beamline_session", secure: secure)
    }

    /// The value of `Set-Cookie`.
    public static func set(_ text: String, maxAge: Int64, secure: Bool) -> String {
        HostCookie.set(name(secure: secure), text, maxAge: maxAge, secure: secure)
    }

    /// The value of `Set-Cookie` that ends the session in the browser.
    public static func clear(secure: Bool) -> String { set("", maxAge: 0, secure: secure) }

    /// The session's text in the values of `Cookie`.
    public static func text(in cookies: [String], secure: Bool) -> String? {
        HostCookie.value(of: name(secure: secure), in: cookies)
    }
}

/// The cookie of a sign-in under way: which provider, and the request's secret.
public enum SignInCookie {
    public static func name(secure: Bool) -> String { HostCookie.name("beamline_sign_in", secure: secure) }

    /// The value of `Set-Cookie`.
    public static func set(_ request: SignInRequest, provider: String, secure: Bool) -> String {
        HostCookie.set(
            name(secure: secure), "\(provider).\(request.secret)", maxAge: SignInRequest.lifetime, secure: secure)
    }

    /// The value of `Set-Cookie` that forgets it.
    public static func clear(secure: Bool) -> String {
        HostCookie.set(name(secure: secure), "", maxAge: 0, secure: secure)
    }

    /// The request that the browser began at this provider.
    public static func request(in cookies: [String], provider: String, secure: Bool) -> SignInRequest? {
        guard let value = HostCookie.value(of: name(secure: secure), in: cookies),
            value.utf8.starts(with: "\(provider).".utf8)
        else { return nil }
        return SignInRequest(secret: String(value.dropFirst(provider.count + 1)))
    }
}

/// Cookies of this host alone.
private enum HostCookie {
    static func name(_ name: String, secure: Bool) -> String { secure ? "__Host-\(name)" : name }

    static func set(_ name: String, _ value: String, maxAge: Int64, secure: Bool) -> String {
        "\(name)=\(value); Path=/; HttpOnly; SameSite=Lax; Max-Age=\(maxAge)" + (secure ? "; Secure" : "")
    }

    /// - Parameter cookies: the values of `Cookie`.
    static func value(of name: String, in cookies: [String]) -> String? {
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
    /// Whether a method changes nothing (RFC 9110 §9.2.1).
    public static func isSafe(_ method: String) -> Bool {
        switch method {
        case "GET", "HEAD", "OPTIONS": true
        default: false
        }
    }

    /// - Parameters:
    ///   - fetchSite: `Sec-Fetch-Site`, which browsers send and scripts cannot forge.
    ///   - origin: `Origin`; compared where the former is missing.
    ///   - target: scheme and authority that the request was sent to: `https://beamline.example:8443`.
    public static func allows(method: String, fetchSite: String?, origin: String?, target: String) -> Bool {
        if isSafe(method) { return true }
        if let fetchSite { return fetchSite == "same-origin" || fetchSite == "none" }
        // A browser without fetch metadata sends Origin with every unsafe request.
        guard let origin else { return false }
        return origin.lowercased() == target.lowercased()
    }
}
