import JSON
import Testing
import Workflows

@Suite("What an apply would do")
struct ApplyPlanTests {
    private static let queue = ResourceID(.queue, "q")
    private static let limit = ResourceID(.runLimit, "l")
    private static let workflow = ResourceID(.workflow, "w")

    private static func manifests(
        _ text: String = """
        bundle: b
        queues: [{ name: q, weight: 3 }]
        limits: [{ name: l, slots: 2 }]
        workflows: [{ name: w, retry: { max_attempts: 2 }, steps: [{ id: a, uses: noop }] }]
        """
    ) throws -> [Manifest] {
        try [Manifest](parsing: [(name: "b.yaml", contents: Array(text.utf8))])
    }

    /// Not a digest, but as good for telling texts apart.
    private static func plan(
        _ manifests: [Manifest], _ present: PresentResources = PresentResources(), prunes: Bool = false
    ) -> ApplyPlan {
        ApplyPlan(manifests, present: present, prunes: prunes) { $0 }
    }

    /// What stands after the plan was carried out.
    private static func standing(_ plan: ApplyPlan, _ present: PresentResources) -> PresentResources {
        var present = present
        for change in plan.changes where change.action.isWrite {
            present.resources[change.id] = change.after.map { after in
                PresentResource(content: after, version: (change.version ?? 0) + 1)
            }
        }
        for bundle in plan.bundles {
            for id in bundle.owned { present.resources[id]?.owner = bundle.bundle.name }
            present.bundles[bundle.bundle.name] = PresentBundle(
                version: (bundle.version ?? 0) + (bundle.isChanged ? 1 : 0), digest: bundle.digest, owned: bundle.owned)
        }
        return present
    }

    private func actions(_ plan: ApplyPlan) -> [String] { plan.changes.map { "\($0.action.rawValue) \($0.id.name)" } }

    @Test("the first apply creates, the second changes nothing")
    func twice() throws {
        let manifests = try Self.manifests()
        let first = Self.plan(manifests)
        #expect(actions(first) == ["create q", "create l", "create w"])
        #expect(first.isChanging && first.bundles.map(\.isChanged) == [true] && first.bundles[0].version == nil)
        #expect(first.bundles[0].owned == [Self.queue, Self.limit, Self.workflow])
        let second = Self.plan(manifests, Self.standing(first, PresentResources()))
        #expect(actions(second) == ["unchanged q", "unchanged l", "unchanged w"])
        #expect(!second.isChanging && second.bundles[0].version == 1)
    }

    @Test("one changed setting is one change, with its place and the version it is for")
    func change() throws {
        var present = Self.standing(Self.plan(try Self.manifests()), PresentResources())
        present.resources[Self.queue]?.version = 7
        let plan = Self.plan(
            try Self.manifests(
                """
                bundle: b
                queues: [{ name: q, weight: 4 }]
                limits: [{ name: l, slots: 2 }]
                workflows: [{ name: w, retry: { max_attempts: 2 }, steps: [{ id: a, uses: noop }] }]
                """), present)
        #expect(actions(plan) == ["change q", "unchanged l", "unchanged w"])
        #expect(plan.changes[0].version == 7)
        #expect(plan.changes[0].differences == [ValueDifference(path: "weight", before: 3, after: 4)])
        #expect(plan.bundles[0].isChanged)
    }

    @Test("what somebody has changed by hand is set back, and that is a new version")
    func drift() throws {
        let manifests = try Self.manifests()
        var present = Self.standing(Self.plan(manifests), PresentResources())
        present.resources[Self.limit]?.content = LimitDeclaration(name: "l", unit: .runs, slots: 9).json
        let plan = Self.plan(manifests, present)
        #expect(actions(plan) == ["unchanged q", "change l", "unchanged w"])
        #expect(plan.bundles[0].isChanged)
        present.resources[Self.limit] = nil
        #expect(actions(Self.plan(manifests, present)) == ["unchanged q", "create l", "unchanged w"])
    }

    @Test("what is no longer declared is kept and owned, until it is pruned")
    func prune() throws {
        let present = Self.standing(Self.plan(try Self.manifests()), PresentResources())
        let rest = try Self.manifests("bundle: b\nqueues: [{ name: q, weight: 3 }]\n")
        let kept = Self.plan(rest, present)
        #expect(actions(kept) == ["unchanged q", "keep l", "keep w"])
        #expect(kept.bundles[0].isChanged && kept.bundles[0].owned.count == 3)
        let again = Self.plan(rest, Self.standing(kept, present))
        #expect(actions(again) == ["unchanged q", "keep l", "keep w"] && !again.isChanging)
        let pruned = Self.plan(rest, Self.standing(kept, present), prunes: true)
        #expect(actions(pruned) == ["unchanged q", "remove l", "remove w"])
        #expect(pruned.bundles[0].isChanged && pruned.bundles[0].owned == [Self.queue])
        let after = Self.standing(pruned, Self.standing(kept, present))
        #expect(after.resources[Self.workflow] == nil)
        #expect(!Self.plan(rest, after, prunes: true).isChanging)
    }

    @Test("what another bundle owns is a conflict; what nobody owns is taken over")
    func owners() throws {
        var present = Self.standing(Self.plan(try Self.manifests()), PresentResources())
        let other = try Self.manifests("bundle: other\nqueues: [{ name: q, weight: 3 }]\n")
        let plan = Self.plan(other, present)
        #expect(plan.conflicts == [ApplyPlan.Conflict(id: Self.queue, owner: "b", bundle: "other")])
        present.resources[Self.queue]?.owner = nil
        let taken = Self.plan(other, present)
        #expect(taken.conflicts.isEmpty && actions(taken) == ["unchanged q"])
        #expect(taken.bundles[0].isChanged)
    }

    @Test("a workflow alone changes only itself, whoever owns it")
    func alone() throws {
        let present = Self.standing(Self.plan(try Self.manifests()), PresentResources())
        let file = try Self.manifests("name: w\nsteps: [{ id: b, uses: noop }]\n")
        let plan = Self.plan(file, present)
        #expect(actions(plan) == ["change w"] && plan.bundles.isEmpty && plan.conflicts.isEmpty)
        #expect(plan.changes[0].bundle == "b" && plan.isChanging)
        #expect(plan.changes[0].differences.map(\.path) == ["retry", "steps[a]", "steps[b]"])
    }
}
