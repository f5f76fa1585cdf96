import JSON

/// How an issuer's claims become a tenant and roles.
public struct ClaimMapping: Sendable, Equatable {
    /// Where the tenant comes from.
    public enum Tenant: Sendable, Equatable {
        /// The issuer is one tenant's.
        case fixed(String)
        /// A claim; with a map, the tenants by its values, and other values are refused.
        case claim(String, map: [String: String]?)
    }

    /// Where the roles come from.
    public struct Roles: Sendable, Equatable {
        /// A claim that is a list of strings, or strings with spaces between them.
        public var claim: String?
        /// Roles by the claim's values; without a map the values are roles' names, of which `platform-admin` is none.
        public var map: [String: [String]]?
        /// Roles of everybody whom the issuer knows.
        public var always: [String]

        public init(claim: String?, map: [String: [String]]? = nil, always: [String] = []) {
            self.claim = claim
            self.map = map
            self.always = always
        }
    }

    /// Goes before subjects and token ids, so that two issuers' `ada` are two people: `company:ada`. `nil` for the
    /// node's own tokens.
    public var prefix: String?
    /// The claim that names the person.
    public var subject: String
    public var tenant: Tenant
    public var roles: Roles

    public init(prefix: String?, subject: String = "sub", tenant: Tenant, roles: Roles) {
        self.prefix = prefix
        self.subject = subject
        self.tenant = tenant
        self.roles = roles
    }

    /// Of tokens that the node itself has signed.
    public static let local = Self(
        prefix: nil, tenant: .claim("tenant", map: nil), roles: Roles(claim: "roles"))

    private static let mostRoles = 50

    /// The principal whom verified claims speak of.
    func principal(of claims: JSONValue, expiresAt: Int64) throws(TokenError) -> Principal {
        guard let subject = Self.claim(subject, in: claims)?.stringValue, !subject.isEmpty,
            prefixed(subject).utf8.count <= 255
        else {
            throw TokenError(.claims, "The token has no subject (\(self.subject)).")
        }
        let tenant = try tenant(of: claims)
        let (roles, custom) = try Self.sort(try roleNames(in: claims))
        var tokenID: String?
        if case .string(let id)? = claims["jti"], !id.isEmpty, prefixed(id).utf8.count <= 255 {
            tokenID = prefixed(id)
        }
        return Principal(
            subject: prefixed(subject), tenant: tenant, roles: roles, customRoles: custom, expiresAt: expiresAt,
            tokenID: tokenID)
    }

    private func prefixed(_ text: String) -> String { prefix.map { "\($0):\(text)" } ?? text }

    private func tenant(of claims: JSONValue) throws(TokenError) -> String {
        switch tenant {
        case .fixed(let name): return name
        case .claim(let claim, let map):
            guard let value = Self.claim(claim, in: claims)?.stringValue,
                let name = map == nil ? value : map?[value], Principal.isTenantName(name)
            else {
                throw TokenError(
                    .claims,
                    map == nil
                        ? "The token has no tenant (\(claim)), or its tenant is not a valid name."
                        : "The token's \(claim) is mapped to no tenant.")
            }
            return name
        }
    }

    private func roleNames(in claims: JSONValue) throws(TokenError) -> [String] {
        guard let claim = roles.claim else { return roles.always }
        let values: [String]
        switch Self.claim(claim, in: claims) {
        case .array(let listed)?:
            guard prefix != nil || listed.count <= Self.mostRoles else {
                throw TokenError(.claims, "The token has more than \(Self.mostRoles) roles.")
            }
            values = listed.compactMap(\.stringValue)
        case .string(let text)? where prefix != nil: values = text.split(separator: " ").map(String.init)
        case nil where !roles.always.isEmpty: values = []
        default: throw TokenError(.claims, "The token has no roles (\(claim)).")
        }
        if let map = roles.map { return roles.always + values.flatMap { map[$0] ?? [] } }
        // Whoever writes another issuer's groups does not become master of every tenant by a group's name alone.
        let names = prefix == nil ? values : values.filter { $0 != Role.platformAdmin.rawValue }
        return roles.always + names
    }

    /// The built-in roles, and the names of those that may be the tenant's own; what is neither grants nothing.
    private static func sort(_ names: [String]) throws(TokenError) -> (Set<Role>, [String]) {
        var roles: Set<Role> = []
        var custom: [String] = []
        for name in names {
            if let role = Role(rawValue: name) {
                roles.insert(role)
            } else if Role.isCustomName(name), !custom.contains(name), custom.count < mostRoles {
                custom.append(name)
            }
        }
        guard !roles.isEmpty || !custom.isEmpty else { throw TokenError(.claims, "The token has no role.") }
        return (roles, custom)
    }

    /// A claim by its name, or by a path with dots: `realm_access.roles`. Names may have dots themselves.
    private static func claim(_ path: String, in claims: JSONValue) -> JSONValue? {
        if let value = claims[path] { return value }
        guard let dot = path.firstIndex(of: ".") else { return nil }
        return claims[String(path[..<dot])].flatMap { claim(String(path[path.index(after: dot)...]), in: $0) }
    }
}
