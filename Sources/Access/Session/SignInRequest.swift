/// A sign-in at a provider that a browser has begun (OpenID Connect Core 1.0 §3.1, with PKCE, RFC 7636).
///
/// One random secret in the browser's cookie; state, nonce and code verifier follow from it. So nothing is stored here,
/// any node ends what another began, and nobody ends it but the browser that began it.
public struct SignInRequest: Sendable {
    /// How long a browser may take, in seconds.
    public static let lifetime: Int64 = 600
    private static let length = 52

    public let secret: String

    /// A new one, of 260 random bits.
    public init(using generator: inout some RandomNumberGenerator) {
        secret = RandomText.make(Self.length, using: &generator)
    }

    /// What a browser's cookie has, if it has the form.
    public init?(secret: String) {
        guard secret.utf8.count == Self.length, RandomText.isRandomText(secret.utf8) else { return nil }
        self.secret = secret
    }

    /// Ties the answer to the browser that asked.
    public var state: String { derived("state") }
    /// Ties the ID token to the browser that asked.
    public var nonce: String { derived("nonce") }
    /// Shows the provider that who redeems the code is who asked for it (RFC 7636 §4.1).
    public var codeVerifier: String { derived("code verifier") }
    /// `S256` of the verifier (RFC 7636 §4.2).
    public var codeChallenge: String { Base64URL.encode(Digest(of: codeVerifier).bytes) }

    private func derived(_ purpose: String) -> String {
        Base64URL.encode(Digest(of: "beamline sign-in \(purpose) \(secret)").bytes)
    }

    /// Where the browser is sent (OpenID Connect Core 1.0 §3.1.2.1).
    public func url(at endpoint: String, clientID: String, redirectURL: String, scopes: [String]) -> String {
        let parameters = [
            ("response_type", "code"), ("client_id", clientID), ("redirect_uri", redirectURL),
            ("scope", scopes.joined(separator: " ")), ("state", state), ("nonce", nonce),
            ("code_challenge", codeChallenge), ("code_challenge_method", "S256"),
        ]
        return endpoint + (endpoint.contains("?") ? "&" : "?") + FormEncoding.encode(parameters)
    }

    /// The body that redeems a code (RFC 6749 §4.1.3).
    public func tokenForm(code: String, redirectURL: String) -> [(String, String)] {
        [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURL),
            ("code_verifier", codeVerifier),
        ]
    }
}

/// How a client shows itself to a provider's token endpoint.
public enum ClientCredentials {
    /// The `authorization` field (RFC 6749 §2.3.1: both parts are form-encoded before they are joined).
    public static func basic(id: String, secret: String) -> String {
        let text = Base64URL.encode("\(FormEncoding.encode(id)):\(FormEncoding.encode(secret))".utf8)
            .replacing("-", with: "+").replacing("_", with: "/")
        return "Basic \(text)" + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    }
}

/// `application/x-www-form-urlencoded`.
public enum FormEncoding {
    public static func encode(_ parameters: [(String, String)]) -> String {
        parameters.map { "\(encode($0.0))=\(encode($0.1))" }.joined(separator: "&")
    }

    /// Everything but the unreserved characters of RFC 3986 §2.3 as `%XX`.
    public static func encode(_ text: String) -> String {
        var encoded: [UInt8] = []
        for octet in text.utf8 {
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.append(octet)
            default:
                encoded.append(UInt8(ascii: "%"))
                encoded.append(contentsOf: [digits[Int(octet >> 4)], digits[Int(octet & 15)]])
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static let digits = Array("0123456789ABCDEF".utf8)
}
