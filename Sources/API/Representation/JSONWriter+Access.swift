import Access
import JSON
import Secrets
import Telemetry

/// Keys, roles, grants, tenants and secrets.
extension JSONWriter {
    /// `ApiKey`.
    ///
    /// - Parameter text: the key itself, in the one answer that shows it.
    mutating func apiKey(_ key: APIKey, text: String? = nil) {
        object { members in
            members.string("id", key.id)
            members.string("name", key.name)
            members.string("key", text)
            members.strings("roles", key.roles)
            members.member("grants") { $0.array(key.grants) { $0.namedGrant($1, subject: nil) } }
            members.string("created_by", key.createdBy)
            members.seconds("created_at", key.createdAt)
            members.seconds("expires_at", key.expiresAt)
            members.seconds("last_used_at", key.lastUsedAt)
            members.seconds("revoked_at", key.revokedAt)
        }
    }

    /// `Role`.
    mutating func role(_ role: CustomRole) {
        object { members in
            members.string("name", role.name)
            members.bool("built_in", Role(rawValue: role.name) != nil)
            members.strings("permissions", role.permissions.actions.map(\.permission))
        }
    }

    /// `Grant`.
    mutating func grant(_ grant: SubjectGrant) { namedGrant(grant.grant, subject: grant.subject) }

    private mutating func namedGrant(_ grant: NamedGrant, subject: String?) {
        object { members in
            members.string("subject", subject)
            members.string("role", grant.role)
            members.string("kind", grant.target.kind)
            members.string("name", grant.target.name)
        }
    }

    /// `User`.
    mutating func user(_ user: UserRecord) {
        object { members in
            members.string("subject", user.subject)
            members.strings("roles", user.roles)
            members.seconds("first_seen_at", user.firstSeenAt)
            members.seconds("signed_in_at", user.signedInAt)
            members.seconds("suspended_at", user.suspendedAt)
            members.string("suspended_by", user.suspendedBy)
            members.integer("sessions", user.sessions)
        }
    }

    /// `OpenSession`.
    mutating func session(_ session: OpenSession) {
        object { members in
            members.string("id", session.id)
            members.strings("roles", session.roles)
            members.seconds("created_at", session.createdAt)
            members.seconds("expires_at", session.expiresAt)
        }
    }

    /// `Tenant`.
    mutating func tenant(_ tenant: TenantRecord) {
        object { members in
            members.string("name", tenant.name)
            members.seconds("created_at", tenant.createdAt)
            members.seconds("suspended_at", tenant.suspendedAt)
        }
    }

    /// `Secret`.
    mutating func secret(_ secret: SecretRecord) {
        object { members in
            members.string("name", secret.name)
            members.string("provider", secret.provider)
            members.string("updated_by", secret.updatedBy)
            members.seconds("updated_at", secret.updatedAt)
        }
    }
}

extension JSONWriter.Members {
    fileprivate mutating func seconds(_ name: StaticString, _ value: Int64?) {
        guard let value else { return }
        string(name, WallTime(seconds: value).rfc3339)
    }
}
