import Supervision
import Testing

@Suite("Signal")
struct SignalTests {
    @Test("raised before the wait, however often, it lets one wait through")
    func raisedBefore() async {
        let signal = Signal()
        signal.raise()
        signal.raise()
        await signal.wait()
        let second = Task { await signal.wait() }
        second.cancel()
        await second.value
    }

    @Test("a waiter that was cancelled leaves the signal to the next one")
    func cancelled() async {
        let signal = Signal()
        let first = Task { await signal.wait() }
        first.cancel()
        await first.value
        let second = Task {
            await signal.wait()
            return Task.isCancelled
        }
        signal.raise()
        #expect(await !second.value)
    }

    @Test("a cancelled task does not wait, and what was raised stays for another")
    func raisedForAnother() async {
        let signal = Signal()
        let waiter = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            await signal.wait()
        }
        await waiter.value
        signal.raise()
        await signal.wait()
    }
}
