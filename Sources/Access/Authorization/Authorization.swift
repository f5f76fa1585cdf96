/// Why a principal may not do what it asked for.
public struct Denial: Error, Sendable, Equatable, CustomStringConvertible {
    /// Stable, for programs.
    public static let code = "forbidden"

    /// A sentence with the remedy.
    public let description: String
}

/// Whether the principal may do this to that; the only place where it is decided.
///
/// Pure, and without an allocation where the answer is yes. The tenant is no parameter: a principal belongs to one, and
/// what it names is looked for there and nowhere else.
public func authorize(_ principal: Principal, _ action: Action, _ resource: Resource = .tenant) throws(Denial) {
    if principal.permissions.contains(action) { return }
    for grant in principal.grants where grant.permissions.contains(action) && grant.target.covers(resource) { return }
    throw Denial(principal, action, resource)
}

/// Whether there is anything in the tenant to which the principal may do this: asked before a request's body is read
/// where only the body, or what is found by it, names the resource.
public func authorizeSomewhere(_ principal: Principal, _ action: Action) throws(Denial) {
    if principal.permissions.contains(action) { return }
    for grant in principal.grants where grant.permissions.contains(action) { return }
    throw Denial(principal, action, .tenant)
}

extension Denial {
    init(_ principal: Principal, _ action: Action, _ resource: Resource) {
        let able = Role.allCases.filter { $0.permissions.contains(action) }.map(\.rawValue).joined(separator: ", ")
        let held = principal.roleNames.isEmpty ? "none" : principal.roleNames.joined(separator: ", ")
        let place = resource.name.map { " (\($0))" } ?? ""
        description =
            "To \(action.name)\(place) takes the permission \(action.permission), which the roles \(able) have, or a "
            + "grant of it; the roles here are: \(held)."
    }
}
