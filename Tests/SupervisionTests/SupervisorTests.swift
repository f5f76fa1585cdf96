import Logging
import Supervision
import Synchronization
import Testing

@Suite("Supervisor", .timeLimit(.minutes(1)))
struct SupervisorTests {
    private struct Crash: Error {}

    /// What children did, in order; a test waits for a prefix of it.
    private final class Journal: Sendable {
        private let entries = Mutex<[String]>([])
        private let stream: AsyncStream<String>
        private let continuation: AsyncStream<String>.Continuation

        init() { (stream, continuation) = AsyncStream.makeStream() }

        func add(_ entry: String) {
            entries.withLock { $0.append(entry) }
            continuation.yield(entry)
        }

        var all: [String] { entries.withLock { $0 } }

        func wait(for entry: String) async {
            for await seen in stream where seen == entry { return }
        }
    }

    /// A child that notes its starts and crashes when told to.
    private final class Crashing: Sendable {
        let name: String
        let journal: Journal
        private let crashes: AsyncStream<Void>
        private let trigger: AsyncStream<Void>.Continuation
        private let starts = Mutex(0)

        init(_ name: String, _ journal: Journal) {
            self.name = name
            self.journal = journal
            (crashes, trigger) = AsyncStream.makeStream()
        }

        func crash() { trigger.yield() }

        func run() async throws {
            let start = starts.withLock { count in
                count += 1
                return count
            }
            journal.add("\(name) starts \(start)")
            defer { journal.add("\(name) ends \(start)") }
            for await _ in crashes { throw Crash() }
            try Task.checkCancellation()
        }

        func spec(_ restart: ChildSpec.Restart = .permanent) -> ChildSpec {
            ChildSpec(name, restart: restart) { try await self.run() }
        }
    }

    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private let quick = BackOff(first: .milliseconds(1), limit: .milliseconds(1))

    private func running(_ supervisor: Supervisor, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await supervisor.run() }
            try await body()
            supervisor.stop()
            try await group.waitForAll()
        }
    }

    @Test("one for one: the sibling goes on")
    func oneForOne() async throws {
        let journal = Journal()
        let children = ["a", "b"].map { Crashing($0, journal) }
        let supervisor = Supervisor("root", backOff: quick, logger: logger, children: children.map { $0.spec() })
        try await running(supervisor) {
            await journal.wait(for: "b starts 1")
            children[0].crash()
            await journal.wait(for: "a starts 2")
            #expect(!journal.all.contains("b ends 1"))
            let tree = supervisor.snapshot()
            #expect(tree.children.map(\.name) == ["a", "b"])
            #expect(tree.children.map(\.restarts) == [1, 0])
            #expect(tree.children[0].lastError == "Crash()")
            #expect(tree.children.map(\.state) == ["running", "running"])
        }
        #expect(Array(journal.all.suffix(2)) == ["b ends 1", "a ends 2"])
    }

    @Test("one for all: all are stopped backward and started again")
    func oneForAll() async throws {
        let journal = Journal()
        let children = ["a", "b", "c"].map { Crashing($0, journal) }
        let supervisor = Supervisor(
            "root", strategy: .oneForAll, backOff: quick, logger: logger, children: children.map { $0.spec() })
        try await running(supervisor) {
            await journal.wait(for: "c starts 1")
            children[1].crash()
            await journal.wait(for: "c starts 2")
            let ends = journal.all.filter { $0.hasSuffix("ends 1") }
            #expect(ends == ["b ends 1", "c ends 1", "a ends 1"])
        }
    }

    @Test("rest for one: what was started before goes on")
    func restForOne() async throws {
        let journal = Journal()
        let children = ["a", "b", "c"].map { Crashing($0, journal) }
        let supervisor = Supervisor(
            "root", strategy: .restForOne, backOff: quick, logger: logger, children: children.map { $0.spec() })
        try await running(supervisor) {
            await journal.wait(for: "c starts 1")
            children[1].crash()
            await journal.wait(for: "c starts 2")
            #expect(!journal.all.contains("a ends 1"))
        }
    }

    @Test("failures beyond the intensity go up, and the parent restarts the whole supervisor")
    func escalation() async throws {
        let journal = Journal()
        let child = Crashing("child", journal)
        let inner = Supervisor(
            "inner", intensity: RestartIntensity(restarts: 1, within: .seconds(60)), backOff: quick, logger: logger,
            children: [child.spec()])
        let root = Supervisor("root", backOff: quick, logger: logger, children: [ChildSpec(inner)])
        try await running(root) {
            for start in 1...2 {
                await journal.wait(for: "child starts \(start)")
                child.crash()
            }
            await journal.wait(for: "child starts 3")
            let tree = root.snapshot()
            #expect(tree.children[0].restarts == 1)
            #expect(tree.children[0].kind == .supervisor)
            #expect(tree.children[0].children[0].name == "child")
            #expect(tree.children[0].lastError?.contains("child failed too often") == true)
        }
    }

    @Test("at the root they end the process's run with an error")
    func rootGivesUp() async {
        let supervisor = Supervisor(
            "root", intensity: RestartIntensity(restarts: 2, within: .seconds(60)), backOff: quick, logger: logger,
            children: [ChildSpec("child") { throw Crash() }])
        await #expect(
            throws: SupervisorError.intensityExceeded(supervisor: "root", child: "child", lastError: "Crash()")
        ) { try await supervisor.run() }
    }

    @Test("a stop drains; what does not drain in time is cancelled")
    func twoPhases() async throws {
        let journal = Journal()
        let (drained, drain) = AsyncStream.makeStream(of: Never.self)
        let polite = ChildSpec(
            "polite", drainTimeout: .seconds(30),
            drain: {
                journal.add("polite drains")
                drain.finish()
            },
            run: {
                journal.add("polite starts")
                for await _ in drained {}
                journal.add("polite ends")
            })
        let stubborn = ChildSpec(
            "stubborn", drainTimeout: .milliseconds(10), drain: { journal.add("stubborn drains") },
            run: {
                journal.add("stubborn starts")
                for await _ in AsyncStream<Never>.makeStream().stream {}
                journal.add("stubborn cancelled")
            })
        let supervisor = Supervisor("root", logger: logger, children: [polite, stubborn])
        try await running(supervisor) {
            await journal.wait(for: "polite starts")
        }
        let rest = journal.all.filter { !$0.hasSuffix("starts") }
        #expect(rest == ["stubborn drains", "stubborn cancelled", "polite drains", "polite ends"])
    }

    @Test("cancelling the supervisor's task cancels every child at once")
    func cancelled() async throws {
        let journal = Journal()
        let children = ["a", "b"].map { Crashing($0, journal) }
        let supervisor = Supervisor("root", logger: logger, children: children.map { $0.spec() })
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    try await supervisor.run()
                    return false
                } catch { return error is CancellationError }
            }
            await journal.wait(for: "b starts 1")
            group.cancelAll()
            #expect(await group.next() == true)
        }
        #expect(journal.all.filter { $0.hasSuffix("ends 1") }.count == 2)
    }

    @Test("a stop before the start is not lost")
    func stopFirst() async throws {
        let supervisor = Supervisor("root", logger: logger, children: [ChildSpec("never") { Issue.record("started") }])
        supervisor.stop()
        try await supervisor.run()
    }
}
