import Access
import Testing

@Suite("Authorization")
struct AuthorizationTests {
    private func principal(_ roles: Role..., grants: [Grant] = []) -> Principal {
        Principal(subject: "ada", tenant: "acme", roles: Set(roles), grants: grants, expiresAt: .max)
    }

    private func may(_ principal: Principal, _ action: Action, _ resource: Resource = .tenant) -> Bool {
        do {
            try authorize(principal, action, resource)
            return true
        } catch { return false }
    }

    @Test("the table: what each role may do, and nothing else")
    func table() {
        let looking: Set<Action> = [
            .readRuns, .readLogs, .readWorkflows, .readQueues, .readWorkers, .readEvents, .readOverview,
            .createSessionCodes, .readSecrets, .readRoles,
        ]
        let running: Set<Action> = [.startRuns, .cancelRuns, .operateQueues, .readMetrics]
        let expected: [Role: Set<Action>] = [
            .viewer: looking, .operator: looking.union(running),
            .developer: looking.union(running).union([.applyWorkflows, .writeQueues, .useSecrets]),
            .approver: looking.union([.decideApprovals]), .admin: Set(Action.allCases).subtracting([.manageTenants]),
            .worker: [.connectWorker], .platformAdmin: Set(Action.allCases),
        ]
        for role in Role.allCases {
            for action in Action.allCases {
                #expect(may(principal(role), action) == expected[role]?.contains(action), "\(role) \(action)")
            }
        }
    }

    @Test("a grant opens one thing, or all of a namespace, for its permissions alone")
    func grants() {
        let targets: [GrantTarget] = [.workflow("a/b"), .queue("a/b"), .secret("a/b"), .namespace("a")]
        let resources: [Resource] = [
            .workflow("a/b"), .queue("a/b"), .secret("a/b"), .tenant, .workflow("a"), .workflow("a/bc"),
            .workflow("ab/b"),
            .workflow("b"), .secret("a/"), .queue("a/c"),
        ]
        let covered: [[Int]] = [[0], [1], [2], [0, 1, 2, 5, 8, 9]]
        for (target, covered) in zip(targets, covered) {
            let granted = principal(.worker, grants: [Grant(Permissions([.startRuns, .readRuns]), on: target)])
            for (index, resource) in resources.enumerated() {
                #expect(may(granted, .startRuns, resource) == covered.contains(index), "\(target) \(resource)")
                #expect(!may(granted, .cancelRuns, resource))
                // A permission on the whole tenant asks for no grant.
                #expect(may(granted, .connectWorker, resource))
            }
        }
    }

    @Test("somewhere: a grant on anything lets the body be read")
    func somewhere() throws {
        let granted = principal(.viewer, grants: [Grant(Permissions([.startRuns]), on: .workflow("w"))])
        try authorizeSomewhere(granted, .startRuns)
        try authorizeSomewhere(granted, .readRuns)
        #expect(throws: Denial.self) { try authorizeSomewhere(granted, .applyWorkflows) }
        #expect(throws: Denial.self) { try authorizeSomewhere(principal(.viewer), .startRuns) }
    }

    @Test("a refusal names what it takes, who has it, and the roles here")
    func message() {
        let denial = #expect(throws: Denial.self) {
            try authorize(principal(.viewer), .applyWorkflows, .workflow("deploy"))
        }
        #expect(
            denial?.description
                == "To apply workflows (deploy) takes the permission workflows:apply, which the roles developer, admin, "
                + "platform-admin have, or a grant of it; the roles here are: viewer.")
    }

    @Test("roles add up, and custom roles with them")
    func union() {
        #expect(may(principal(.worker, .approver), .connectWorker))
        #expect(may(principal(.worker, .approver), .decideApprovals))
        let custom = Principal(
            subject: "s", tenant: "acme", roles: [.worker], customRoles: ["release"],
            extra: Permissions([.applyWorkflows]), expiresAt: .max)
        #expect(may(custom, .applyWorkflows) && may(custom, .connectWorker) && !may(custom, .readRuns))
        #expect(custom.roleNames == ["release", "worker"])
    }

    @Test("permissions have names of one form, each its own, and are found by them")
    func names() {
        #expect(Set(Action.allCases.map(\.permission)).count == Action.allCases.count)
        for action in Action.allCases {
            #expect(action.permission.wholeMatch(of: /[a-z]+:[a-z]+/) != nil)
            #expect(Action(permission: action.permission) == action)
            #expect(Permissions.all.contains(action))
        }
        #expect(Action(permission: "runs:delete") == nil)
        #expect(Permissions([.startRuns, .readRuns]).actions == [.readRuns, .startRuns])
    }

    @Test("names of tenants, of custom roles, and of what grants are about")
    func otherNames() {
        for name in ["a", "acme", "0-9_z", String(repeating: "a", count: 63)] { #expect(Principal.isTenantName(name)) }
        for name in ["", "-a", "A", "a b", "a/b", "ä", String(repeating: "a", count: 64)] {
            #expect(!Principal.isTenantName(name))
        }
        #expect(Role.isCustomName("release") && !Role.isCustomName("admin") && !Role.isCustomName("platform-admin"))
        for kind in ["namespace", "workflow", "queue", "secret"] {
            let target = GrantTarget(kind: kind, name: "n")
            #expect(target?.kind == kind && target?.name == "n")
            #expect(GrantTarget(kind: kind, name: "") == nil)
            #expect(GrantTarget(kind: kind, name: String(repeating: "n", count: 201)) == nil)
        }
        #expect(GrantTarget(kind: "run", name: "n") == nil)
    }
}
