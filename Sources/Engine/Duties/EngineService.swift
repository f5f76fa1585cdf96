import Supervision

/// Something that the engine keeps running: the supervisor starts `run` again when it throws, and cancels it to stop.
public struct EngineService: Sendable {
    public var name: String
    public var run: @Sendable () async throws -> Void

    public init(name: String, run: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.run = run
    }
}

/// A duty done again and again: one pass, and how long to wait for the next.
struct Duty: Sendable {
    let name: String
    let parts: EngineParts
    let interval: Duration
    /// Ends the wait early.
    var wake: Signal?
    /// The time between two passes at least, however often it is woken.
    var shortest: Duration = .zero
    /// One pass; answers a shorter wait if it knows one.
    let runOnce: @Sendable () async throws(StoreError) -> Duration?

    func run() async throws {
        var backoff = Backoff(base: .milliseconds(100), limit: .seconds(2))
        while !Task.isCancelled {
            let pause: Duration
            do throws(StoreError) {
                let asked = try await runOnce()
                backoff.reset()
                // Jitter: the nodes of a cluster shall not come all at once.
                pause = asked ?? interval * (0.9 + 0.2 * Double(parts.random() >> 11) * 0x1p-53)
            } catch {
                parts.storeFailed(error, in: name)
                pause = backoff.next(hint: error.retryAfter, random: parts.random())
            }
            guard pause > .zero else { continue }
            if shortest > .zero { await parts.clock.sleep(until: parts.clock.now + shortest) }
            if let wake {
                await parts.clock.wait(for: wake, atMost: pause)
            } else {
                await parts.clock.sleep(until: parts.clock.now + pause)
            }
        }
    }
}
