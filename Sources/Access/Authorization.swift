/// Why a principal may not do what it asked for.
public struct Denial: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// None of its roles allows the action.
        case role = "forbidden"
        /// The thing belongs to another tenant.
        case tenant = "wrong_tenant"
    }

    public let code: Code
    /// A sentence with the remedy.
    public let description: String
}

/// Whether the principal may do this to something of this tenant; the only place where that is decided.
///
/// - Parameter tenant: the owner's name; `nil` for what belongs to no tenant (metrics, the node itself).
public func authorize(_ principal: Principal, _ action: Action, tenant: String? = nil) throws(Denial) {
    if let tenant, tenant != principal.tenant, !principal.roles.contains(.platformAdmin) {
        throw Denial(
            code: .tenant,
            description: "The token is for tenant \(principal.tenant), not for \(tenant); use a token of that tenant.")
    }
    guard principal.permissions.contains(action) else {
        let able = Role.allCases.filter { Permissions.of($0).contains(action) }.map(\.rawValue)
        throw Denial(
            code: .role,
            description: "To \(action.name) takes one of the roles \(able.joined(separator: ", ")); the token has "
                + "\(principal.roles.map(\.rawValue).sorted().joined(separator: ", ")).")
    }
}
