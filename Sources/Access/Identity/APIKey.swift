/// The text of an API key: shown once, when it is made. The database has only its digest.
///
/// 200 random bits need no slow hash: there is nothing to guess (NIST SP 800-63B §5.1.2.2 asks for salt and stretching
/// below 112 bits only).
public struct APIKeyText: Sendable {
    /// What every key begins with, for people and for scanners of leaked secrets.
    public static let marker = "blk_"
    private static let idLength = 12
    private static let length = marker.utf8.count + 40

    public let text: String

    /// A new one.
    public init(using generator: inout some RandomNumberGenerator) {
        text = Self.marker + RandomText.make(40, using: &generator)
    }

    /// What a caller sent, if it has a key's form.
    init?(_ text: String) {
        guard text.utf8.count == Self.length, text.utf8.starts(with: Self.marker.utf8),
            RandomText.isRandomText(text.utf8.dropFirst(Self.marker.utf8.count))
        else { return nil }
        self.text = text
    }

    public var digest: Digest { Digest(of: text) }
    /// Its beginning, by which people recognise it and lists name it: 8 of the 40 random characters, so 160 bits remain
    /// unknown.
    public var id: String { String(decoding: text.utf8.prefix(Self.idLength), as: UTF8.self) }

    /// Whether a credential claims to be an API key.
    static func isMeant(_ credential: String) -> Bool { credential.utf8.starts(with: marker.utf8) }
}

/// An API key as lists show it.
public struct APIKey: Sendable, Equatable {
    /// The beginning of its text.
    public var id: String
    public var name: String
    public var roles: [String]
    public var grants: [NamedGrant]
    public var createdBy: String
    /// Seconds since 1970, like all times here.
    public var createdAt: Int64
    public var expiresAt: Int64?
    public var lastUsedAt: Int64?
    public var revokedAt: Int64?

    /// What grants to it name.
    public var subject: String { Self.subject(id) }
    public static func subject(_ id: String) -> String { "key:\(id)" }

    public init(
        id: String, name: String, roles: [String], grants: [NamedGrant], createdBy: String,
        createdAt: Int64, expiresAt: Int64?, lastUsedAt: Int64?, revokedAt: Int64?
    ) {
        self.id = id
        self.name = name
        self.roles = roles
        self.grants = grants
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
        self.revokedAt = revokedAt
    }
}

/// A grant by the name of its role.
public struct NamedGrant: Sendable, Hashable {
    public var role: String
    public var target: GrantTarget

    public init(role: String, target: GrantTarget) {
        self.role = role
        self.target = target
    }
}
