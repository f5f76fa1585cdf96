import Testing

@testable import WorkerRuntime

@Suite("Process stop")
struct ProcessStopStateMachineTests {
    let start = ContinuousClock.now

    @Test("time-out: terminate, then kill after the grace")
    func timeout() {
        var stop = ProcessStop(deadline: start + .seconds(1), grace: .seconds(5))
        #expect(stop.tick(now: start) == .none)
        #expect(stop.nextDeadline == start + .seconds(1))
        #expect(stop.tick(now: start + .seconds(1)) == .terminate)
        #expect(stop.tick(now: start + .seconds(2)) == .none)
        #expect(stop.tick(now: start + .seconds(6)) == .kill)
        #expect(stop.tick(now: start + .seconds(60)) == .none)
        #expect(stop.reason == .timeout && stop.nextDeadline == nil)
    }

    @Test("a request keeps its reason when the deadline passes")
    func request() {
        var stop = ProcessStop(deadline: start + .seconds(1), grace: .seconds(5))
        #expect(stop.requested(.graceful, now: start) == .terminate)
        #expect(stop.requested(.graceful, now: start) == .none)
        #expect(stop.tick(now: start + .seconds(2)) == .none)
        #expect(stop.requested(.immediate, now: start + .seconds(3)) == .kill)
        #expect(stop.requested(.immediate, now: start + .seconds(3)) == .none)
        #expect(stop.reason == .request)
    }

    @Test("without a deadline nothing happens by itself")
    func unlimited() {
        var stop = ProcessStop(deadline: nil, grace: .seconds(5))
        #expect(stop.tick(now: start + .seconds(86400)) == .none)
        #expect(stop.requested(.immediate, now: start) == .kill)
    }
}
