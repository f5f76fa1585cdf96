/// Who sent a request, as a verified token says.
public struct Principal: Sendable, Hashable {
    public let subject: String
    /// The tenant's name.
    public let tenant: String
    public let roles: Set<Role>
    /// What the roles allow, taken together.
    public let permissions: Permissions
    /// When the token ends, in seconds since 1970.
    public let expiresAt: Int64
    /// The token's `jti`, if it has one.
    public let tokenID: String?

    public init(subject: String, tenant: String, roles: Set<Role>, expiresAt: Int64, tokenID: String? = nil) {
        self.subject = subject
        self.tenant = tenant
        self.roles = roles
        permissions = roles.reduce([]) { $0.union(.of($1)) }
        self.expiresAt = expiresAt
        self.tokenID = tokenID
    }

    /// A tenant's name: 1 to 63 of lower-case letters, digits, `-` and `_`, a letter or digit first.
    public static func isTenantName(_ name: String) -> Bool {
        let bytes = name.utf8
        guard let first = bytes.first, bytes.count <= 63, first.isLowerAlphanumeric else { return false }
        return bytes.allSatisfy { $0.isLowerAlphanumeric || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }
}

extension UInt8 {
    fileprivate var isLowerAlphanumeric: Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= self || UInt8(ascii: "0")...UInt8(ascii: "9") ~= self
    }
}
