import JSON

/// An OpenID provider as the operator's file describes it (docs/identity.md has the format).
public struct IssuerConfiguration: Sendable, Equatable {
    /// What lets people sign in to the dashboard.
    public struct Client: Sendable, Equatable {
        /// `client_id`.
        public var id: String
        /// File of the client's secret; `nil` for a public client, which PKCE alone protects.
        public var secretFile: String?
        public var scopes: [String]
        /// Where browsers find this server: the provider sends them back there.
        public var publicURL: String
        /// How long a session lasts, in seconds.
        public var lifetime: Int64

        /// Where the provider sends browsers back: registered there.
        public func redirectURL(issuer name: String) -> String { "\(publicURL)/v1/session/oidc/\(name)/callback" }
    }

    /// Short, for URLs and before subjects.
    public var name: String
    /// For people.
    public var title: String
    public var url: String
    /// Of bearer tokens; `nil` where none are taken.
    public var audience: String?
    public var mapping: ClaimMapping
    /// PEM file of further authorities for the provider's certificate.
    public var certificateAuthorities: String?
    public var client: Client?

    /// Reads `{"issuers": [...]}`.
    ///
    /// - Throws: the place of what is wrong, with the remedy.
    public static func read(json text: [UInt8]) throws(IssuerConfigurationError) -> [Self] {
        let root: JSONValue
        do { root = try JSONValue(parsing: text) } catch {
            throw IssuerConfigurationError("", "is not JSON: \(error)")
        }
        let file = try ConfigurationObject(root, "", known: ["issuers"])
        guard let listed = root["issuers"]?.arrayValue else { throw file.error("issuers", "is missing") }
        var read: [Self] = []
        for (index, value) in listed.enumerated() {
            let issuer = try Self(value, "issuers[\(index)]")
            for other in read where other.name == issuer.name || other.url == issuer.url {
                throw IssuerConfigurationError("issuers[\(index)]", "has the name or URL of another")
            }
            read.append(issuer)
        }
        return read
    }

    private init(_ value: JSONValue, _ place: String) throws(IssuerConfigurationError) {
        let object = try ConfigurationObject(
            value, place,
            known: [
                "name", "title", "url", "audience", "subject_claim", "tenant", "roles", "certificate_authorities",
                "client",
            ])
        name = try object.text("name")
        guard Principal.isTenantName(name), !["key", "worker"].contains(name) else {
            throw object.error("name", "must be 1 to 63 lower-case letters, digits and -, and neither key nor worker")
        }
        title = try object.optionalText("title") ?? name
        url = try object.text("url")
        guard ProviderURL.isAcceptable(url), !url.contains("?") else {
            throw object.error("url", "must be an https URL without a query (http on a loopback address only)")
        }
        audience = try object.optionalText("audience")
        certificateAuthorities = try object.optionalText("certificate_authorities")
        mapping = ClaimMapping(
            prefix: name, subject: try object.optionalText("subject_claim") ?? "sub",
            tenant: try Self.tenant(object), roles: try Self.roles(object))
        client = try object.object("client", known: ["id", "secret_file", "scopes", "public_url", "lifetime_hours"])
            .map(Self.client)
        guard client != nil || audience != nil else {
            throw object.error("audience", "is needed where there is no client: the issuer would serve nothing")
        }
    }

    private static func tenant(_ object: ConfigurationObject) throws(IssuerConfigurationError) -> ClaimMapping.Tenant {
        guard let tenant = try object.object("tenant", known: ["name", "claim", "map"]) else {
            throw object.error("tenant", #"is missing: {"name": TENANT} or {"claim": CLAIM, "map": {VALUE: TENANT}}"#)
        }
        let (name, claim) = (try tenant.optionalText("name"), try tenant.optionalText("claim"))
        switch (name, claim) {
        case (let name?, nil):
            guard Principal.isTenantName(name) else { throw tenant.error("name", "is not a tenant's name") }
            return .fixed(name)
        case (nil, let claim?):
            guard let map = tenant.value["map"] else { return .claim(claim, map: nil) }
            guard case .object(let entries) = map else { throw tenant.error("map", "must be an object") }
            var tenants: [String: String] = [:]
            for (value, name) in entries {
                guard let name = name.stringValue, Principal.isTenantName(name) else {
                    throw tenant.error("map.\(value)", "is not a tenant's name")
                }
                tenants[value] = name
            }
            return .claim(claim, map: tenants)
        case (nil, nil), (_?, _?): throw object.error("tenant", "needs either name or claim")
        }
    }

    private static func roles(_ object: ConfigurationObject) throws(IssuerConfigurationError) -> ClaimMapping.Roles {
        guard let roles = try object.object("roles", known: ["claim", "map", "always"]) else {
            throw object.error("roles", #"is missing: {"claim": CLAIM, "map": {VALUE: [ROLE]}}, or {"always": [ROLE]}"#)
        }
        var map: [String: [String]]?
        if let value = roles.value["map"] {
            guard case .object(let entries) = value else { throw roles.error("map", "must be an object") }
            var read: [String: [String]] = [:]
            for (group, names) in entries { read[group] = try roleNames(names, "map.\(group)", roles) }
            map = read
        }
        let always = try roles.value["always"].map { (names) throws(IssuerConfigurationError) in
            try roleNames(names, "always", roles)
        }
        let claim = try roles.optionalText("claim")
        guard claim != nil || always?.isEmpty == false else { throw object.error("roles", "needs claim or always") }
        guard always?.contains(Role.platformAdmin.rawValue) != true else {
            throw roles.error("always", "cannot be platform-admin, which is for those whom the map names")
        }
        return ClaimMapping.Roles(claim: claim, map: map, always: always ?? [])
    }

    private static func roleNames(
        _ value: JSONValue, _ member: String, _ object: ConfigurationObject
    ) throws(IssuerConfigurationError) -> [String] {
        let names = value.arrayValue?.compactMap(\.stringValue) ?? []
        guard !names.isEmpty, names.count == value.arrayValue?.count,
            names.allSatisfy({ Role(rawValue: $0) != nil || Role.isCustomName($0) })
        else { throw object.error(member, "must be a list of roles' names") }
        return names
    }

    private static func client(_ object: ConfigurationObject) throws(IssuerConfigurationError) -> Client {
        let scopes = object.value["scopes"]?.arrayValue?.compactMap(\.stringValue) ?? ["openid"]
        guard scopes.contains("openid"), scopes.allSatisfy({ !$0.isEmpty && !$0.contains(" ") }) else {
            throw object.error("scopes", "must be a list of scopes with openid among them")
        }
        var publicURL = try object.text("public_url")
        if publicURL.hasSuffix("/") { publicURL.removeLast() }
        guard ProviderURL.isAcceptable(publicURL), publicURL.split(separator: "/").count == 2 else {
            throw object.error("public_url", "must be an https URL without a path: where browsers find this server")
        }
        var hours: Int64 = 12
        if let value = object.value["lifetime_hours"] {
            guard let given = value.intValue, 1...720 ~= given else {
                throw object.error("lifetime_hours", "must be an integer from 1 to 720")
            }
            hours = given
        }
        return Client(
            id: try object.text("id"), secretFile: try object.optionalText("secret_file"), scopes: scopes,
            publicURL: publicURL, lifetime: hours * 3600)
    }
}

/// What is wrong with the operator's file, and where.
public struct IssuerConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    init(_ place: String, _ text: String) { description = place.isEmpty ? "it \(text)" : "\(place) \(text)" }
}

/// An object of the file, whose members are all known.
private struct ConfigurationObject {
    let value: JSONValue
    let place: String

    init(_ value: JSONValue, _ place: String, known: Set<String>) throws(IssuerConfigurationError) {
        guard case .object(let members) = value else { throw IssuerConfigurationError(place, "must be an object") }
        self.value = value
        self.place = place
        for name in members.keys where !known.contains(name) {
            throw error(name, "is not known; known are \(known.sorted().joined(separator: ", "))")
        }
    }

    func error(_ member: String, _ text: String) -> IssuerConfigurationError {
        IssuerConfigurationError(place.isEmpty ? member : "\(place).\(member)", text)
    }

    func optionalText(_ member: String) throws(IssuerConfigurationError) -> String? {
        guard let value = value[member] else { return nil }
        guard let text = value.stringValue, (1...2048).contains(text.utf8.count) else {
            throw error(member, "must be a text of 1 to 2048 bytes")
        }
        return text
    }

    func text(_ member: String) throws(IssuerConfigurationError) -> String {
        guard let text = try optionalText(member) else { throw error(member, "is missing") }
        return text
    }

    func object(_ member: String, known: Set<String>) throws(IssuerConfigurationError) -> Self? {
        try value[member].map { (value) throws(IssuerConfigurationError) in
            try Self(value, place.isEmpty ? member : "\(place).\(member)", known: known)
        }
    }
}
