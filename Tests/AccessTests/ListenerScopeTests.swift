import Testing

@testable import Access

@Suite("What each listener serves")
struct ListenerScopeTests {
    @Test(
        "every entry point is served by at least one listener, however they are apart, and by the public one when alone"
    )
    func complete() {
        for bits in 0..<8 {
            var kinds: Set<Listener> = [.public]
            for (index, kind) in [Listener.workers, .management, .metrics].enumerated() where bits >> index & 1 == 1 {
                kinds.insert(kind)
            }
            for point in EntryPoints.all {
                let home = EntryPoints.home(of: point.name)
                let serving = kinds.filter { ListenerScope(of: $0, among: kinds).serves(home) }
                #expect(!serving.isEmpty, "\(point.name) among \(kinds)")
                // What has a listener of its own is on no other.
                if let home, home != .public, kinds.contains(home) { #expect(serving == [home], "\(point.name)") }
            }
        }
        #expect(ListenerScope(of: .public, among: [.public]) == .everything)
    }

    @Test("metrics are at management where they have no listener of their own")
    func metrics() {
        let kinds: Set<Listener> = [.public, .management]
        #expect(ListenerScope(of: .management, among: kinds).serves(.metrics))
        #expect(!ListenerScope(of: .public, among: kinds).serves(.metrics))
        #expect(!ListenerScope(of: .workers, among: [.public, .workers]).servesPages)
    }

    @Test("the names that have a home are entry points")
    func names() {
        let known = Set(EntryPoints.all.map(\.name))
        #expect(Set(EntryPoints.housed).isSubset(of: known))
    }
}
