import JSON

/// What an OpenID provider says of itself (OpenID Connect Discovery 1.0 §3).
public struct ProviderMetadata: Sendable, Equatable {
    /// Longest document that is read, in bytes.
    public static let maximumLength = 64 << 10

    public let keysURL: String
    public let authorizationURL: String?
    public let tokenURL: String?
    /// Whether the client's secret goes in the body; by the `authorization` field otherwise (RFC 6749 §2.3.1).
    public let secretInBody: Bool

    /// Where an issuer has the document.
    public static func url(of issuer: String) -> String {
        (issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer) + "/.well-known/openid-configuration"
    }

    /// - Parameter issuer: the URL that the operator has configured; the document must name the same, letter by letter.
    public init(json text: [UInt8], issuer: String) throws(ProviderError) {
        guard text.count <= Self.maximumLength else {
            throw ProviderError("its discovery document is longer than \(Self.maximumLength) bytes")
        }
        guard let root = try? JSONValue(parsing: text), case .object = root else {
            throw ProviderError("its discovery document is no JSON object")
        }
        guard root["issuer"] == .string(issuer) else {
            let named = root["issuer"]?.stringValue ?? "no issuer"
            throw ProviderError("its discovery document names \(named); configure exactly that, or correct it there")
        }
        guard let keys = try Self.url("jwks_uri", of: root) else {
            throw ProviderError("its discovery document has no jwks_uri")
        }
        keysURL = keys
        authorizationURL = try Self.url("authorization_endpoint", of: root)
        tokenURL = try Self.url("token_endpoint", of: root)
        let methods = root["token_endpoint_auth_methods_supported"]?.arrayValue
        secretInBody = methods.map { !$0.contains("client_secret_basic") && $0.contains("client_secret_post") } ?? false
    }

    private static func url(_ name: String, of root: JSONValue) throws(ProviderError) -> String? {
        guard let value = root[name] else { return nil }
        guard let text = value.stringValue, ProviderURL.isAcceptable(text) else {
            throw ProviderError("its \(name) is not an https URL")
        }
        return text
    }
}

/// What is wrong with a provider's answers.
public struct ProviderError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// URLs that a provider may have.
public enum ProviderURL {
    /// `https`, or `http` on a loopback address, where nobody listens in.
    public static func isAcceptable(_ text: String) -> Bool {
        guard text.utf8.count <= 2048, text.utf8.allSatisfy({ 0x21...0x7e ~= $0 }), !text.contains("#") else {
            return false
        }
        if let rest = text.after("https://") { return !authority(rest).isEmpty && !authority(rest).contains("@") }
        guard let rest = text.after("http://") else { return false }
        let host = authority(rest)
        if host.hasPrefix("[::1]") { return true }
        return ["127.0.0.1", "localhost"].contains(host.prefix { $0 != ":" })
    }

    private static func authority(_ rest: Substring) -> Substring { rest.prefix { $0 != "/" && $0 != "?" } }
}

extension String {
    fileprivate func after(_ prefix: String) -> Substring? {
        hasPrefix(prefix) ? self[index(startIndex, offsetBy: prefix.count)...] : nil
    }
}
