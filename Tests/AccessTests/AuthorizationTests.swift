import Access
import Testing

@Suite("Authorization")
struct AuthorizationTests {
    private func principal(_ roles: Role...) -> Principal {
        Principal(subject: "ada", tenant: "acme", roles: Set(roles), expiresAt: .max)
    }

    private func allowed(_ principal: Principal, _ action: Action, tenant: String? = "acme") -> Denial.Code? {
        do {
            try authorize(principal, action, tenant: tenant)
            return nil
        } catch { return error.code }
    }

    @Test("the table: what each role may do, and nothing else")
    func table() {
        let looking: Set<Action> = [
            .readRuns, .readLogs, .readWorkflows, .readQueues, .readWorkers, .readEvents, .readOverview, .readSession,
            .createSessionCodes,
        ]
        let expected: [Role: Set<Action>] = [
            .viewer: looking, .operator: looking.union([.startRuns, .cancelRuns, .operateQueues, .readMetrics]),
            .developer: looking.union([
                .startRuns, .cancelRuns, .readMetrics, .applyWorkflows, .operateQueues, .writeQueues,
            ]),
            .approver: looking.union([.decideApprovals]), .admin: Set(Action.allCases),
            .worker: [.connectWorker, .readSession], .platformAdmin: Set(Action.allCases),
        ]
        for role in Role.allCases {
            for action in Action.allCases {
                let may = allowed(principal(role), action) == nil
                #expect(may == expected[role]?.contains(action), "\(role) \(action)")
            }
        }
    }

    @Test("only the platform's admin reaches into another tenant")
    func tenants() {
        for role in Role.allCases where role != .platformAdmin {
            #expect(allowed(principal(role), .readRuns, tenant: "other") == .tenant)
        }
        #expect(allowed(principal(.platformAdmin), .readRuns, tenant: "other") == nil)
    }

    @Test("a refusal names the roles that would do, and those that the token has")
    func message() {
        do {
            try authorize(principal(.viewer), .applyWorkflows)
            Issue.record("allowed")
        } catch {
            #expect(
                error.description
                    == "To apply workflows takes one of the roles developer, admin, platform-admin; the token has viewer."
            )
        }
    }

    @Test("roles add up")
    func union() {
        #expect(allowed(principal(.worker, .approver), .connectWorker) == nil)
        #expect(allowed(principal(.worker, .approver), .decideApprovals) == nil)
    }

    @Test("tenant names")
    func names() {
        for name in ["a", "acme", "0-9_z", String(repeating: "a", count: 63)] { #expect(Principal.isTenantName(name)) }
        for name in ["", "-a", "A", "a b", "a/b", "ä", String(repeating: "a", count: 64)] {
            #expect(!Principal.isTenantName(name))
        }
    }
}
