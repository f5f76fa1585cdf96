import Testing
import Workflows

@testable import Engine

@Suite("Queue of a lane")
struct LaneQueueTests {
    private let flood = TenantID(1)
    private let other = TenantID(2)
    private let whole = LaneQueue.Room(count: 500, bytes: 1 << 20)

    private func command(_ tenant: TenantID, _ number: UInt64 = 1, deadline: Duration? = nil) -> LaneCommand {
        LaneCommand(
            key: RunKey(tenant: tenant, run: RunID(at: Timestamp(microseconds: 1_800_000_000_000_000), random: number)),
            kind: .admit, acceptedAt: .zero, deadline: deadline, reply: .none)
    }

    private func open(commands: Int = 100, bytes: Int = 1 << 20) -> LaneQueue {
        let queue = LaneQueue(commandLimit: commands, byteLimit: bytes, eager: 64)
        queue.open()
        return queue
    }

    /// Appends until it is refused.
    private func fill(_ queue: LaneQueue, _ tenant: TenantID) -> Int {
        var count = 0
        while queue.append(command(tenant), unbounded: false) == .accepted { count += 1 }
        return count
    }

    /// One batch from its beginning to its end; answers its commands.
    private func batch(_ queue: LaneQueue) async throws -> [LaneCommand] {
        var commands = try #require(await queue.begin(whole))
        var isTurn = false
        while !isTurn {
            let room = LaneQueue.Room(count: 500 - commands.count, bytes: 1 << 20, taken: commands.count)
            switch await queue.next(room) {
            case .gather(let more): commands += more
            case .write(let last):
                commands += last
                isTurn = true
            }
        }
        queue.endGathering()
        queue.endWriting()
        return commands
    }

    @Test("a flood's commands do not stand before another tenant's; and batches are small for a while")
    func turns() async throws {
        let queue = open(commands: 10_000)
        for number in 0..<5000 { _ = queue.append(command(flood, UInt64(number)), unbounded: false) }
        #expect(try await batch(queue).count == 500)
        _ = queue.append(command(other), unbounded: false)
        let shared = try await batch(queue)
        #expect(shared.count == LaneQueue.smallBatch && shared.contains { $0.key.tenant == other })
        for _ in 1..<LaneQueue.smallBatches { #expect(try await batch(queue).count == LaneQueue.smallBatch) }
        #expect(try await batch(queue).count == 500)
    }

    @Test("one tenant leaves a fifth of the room to others, of which each leaves some to the next")
    func room() {
        let queue = open()
        #expect(fill(queue, flood) == 80)
        #expect(fill(queue, other) == 16)
        #expect(fill(queue, TenantID(3)) == 4)
        // Outcomes, and the engine's own, are bounded already.
        #expect(queue.append(command(flood), unbounded: true) == .accepted)
    }

    @Test("bytes are bounded over all tenants")
    func bytes() {
        let queue = open(commands: 1000, bytes: 64 * 10)
        #expect(fill(queue, flood) == 10)
        #expect(queue.append(command(other), unbounded: false) == .overloaded)
    }

    @Test("one batch gathers, and one is written")
    func batches() async throws {
        let queue = open(commands: 1000)
        _ = queue.append(command(flood), unbounded: false)
        #expect(await queue.begin(whole)?.count == 1)
        _ = queue.append(command(flood), unbounded: false)
        guard case .write(let last) = await queue.next(LaneQueue.Room(count: 499, bytes: 1 << 20, taken: 1)) else {
            Issue.record("its turn has not come")
            return
        }
        #expect(last.count == 1)
        queue.endGathering()
        // The next one is begun when enough wait.
        let next = Task { await queue.begin(whole)?.count }
        for _ in 0..<64 { _ = queue.append(command(flood), unbounded: false) }
        #expect(await next.value == 64)
        let turn = Task { await queue.next(LaneQueue.Room(count: 1, bytes: 1 << 20, taken: 64)) }
        _ = queue.append(command(flood), unbounded: false)
        queue.endWriting()
        guard case .write(let one) = await turn.value else {
            Issue.record("its turn has not come")
            return
        }
        #expect(one.count == 1 && queue.depth == 0 && !queue.isIdle)
        queue.endGathering()
        queue.endWriting()
        #expect(queue.isIdle)
    }

    @Test("who waits for a turn is sent away when the task is cancelled")
    func cancelling() async {
        let queue = open()
        let waiting = Task { await queue.begin(whole) == nil }
        waiting.cancel()
        #expect(await waiting.value)
        _ = queue.append(command(flood), unbounded: false)
        #expect(await queue.begin(whole)?.count == 1)
    }

    @Test("what waits too long is taken out, and a closed queue hands over the rest")
    func leaving() {
        let queue = open()
        for (number, deadline) in [nil, 5, 7].enumerated() {
            let command = command(flood, UInt64(number), deadline: deadline.map { .seconds($0) })
            _ = queue.append(command, unbounded: false)
        }
        #expect(queue.expire(now: .seconds(6)).map(\.deadline) == [.seconds(5)])
        #expect(queue.close().count == 2 && queue.depth == 0)
        #expect(queue.append(command(flood), unbounded: true) == .closed)
    }
}
