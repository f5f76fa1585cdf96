import Access
import Workflows

/// Who applies a definition must be allowed to use the secrets that it names: its runs hand them to programs.
enum SecretUse {
    static func check(_ plan: Plan, _ caller: Caller) throws {
        guard !caller.mayEverywhere(.useSecrets) else { return }
        for name in plan.steps.reduce(into: Set<String>(), { $0.formUnion($1.secrets) }).sorted() {
            try caller.authorize(.useSecrets, .secret(name))
        }
    }
}
