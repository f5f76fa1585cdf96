import Testing

@testable import Supervision

@Suite("Supervisor decisions")
struct SupervisorStateMachineTests {
    private typealias Machine = SupervisorStateMachine

    private func machine(
        _ rules: [Machine.Rule], _ strategy: Strategy, restarts: Int = 3, window: Duration = .seconds(10)
    ) -> Machine {
        Machine(
            rules: rules, strategy: strategy, intensity: RestartIntensity(restarts: restarts, within: window),
            backOff: BackOff(first: .seconds(1), limit: .seconds(8), jitter: 0.5, resetAfter: .seconds(60)))
    }

    private let worker = Machine.Rule(restart: .permanent, shutdown: .cancel)
    private let drained = Machine.Rule(restart: .permanent, shutdown: .drain(.seconds(5)))

    @Test("one for one restarts the failed child alone, after a wait that doubles")
    func oneForOne() {
        var machine = machine([worker, worker], .oneForOne)
        #expect(machine.start(now: .zero) == [.start(0, generation: 1), .start(1, generation: 1)])
        #expect(
            machine.exited(0, generation: 1, .failed("boom"), now: .seconds(1), random: 0)
                == [.backOff(0, generation: 1, after: .seconds(1))])
        #expect(machine.children[0].state == .backingOff && machine.children[0].lastError == "boom")
        #expect(machine.backOffElapsed(0, generation: 1, now: .seconds(2)) == [.start(0, generation: 2)])
        #expect(
            machine.exited(0, generation: 2, .failed("boom"), now: .seconds(3), random: 0.5)
                == [.backOff(0, generation: 2, after: .milliseconds(1500))])
        #expect(machine.children[1].state == .running && machine.children[1].generation == 1)
    }

    @Test("one for all stops the others from the last to the first, then starts all in order")
    func oneForAll() {
        var machine = machine([worker, drained, worker], .oneForAll)
        _ = machine.start(now: .zero)
        #expect(machine.exited(0, generation: 1, .failed("x"), now: .zero, random: 0) == [.cancel(2)])
        #expect(
            machine.exited(2, generation: 1, .failed("CancellationError()"), now: .zero, random: 0)
                == [.drain(1), .watchDeadline(1, generation: 1, after: .seconds(5))])
        #expect(
            machine.exited(1, generation: 1, .returned, now: .zero, random: 0)
                == [.backOff(0, generation: 1, after: .seconds(1))])
        #expect(
            machine.backOffElapsed(0, generation: 1, now: .seconds(1))
                == [.start(0, generation: 2), .start(1, generation: 2), .start(2, generation: 2)])
    }

    @Test("rest for one leaves the children alone that were started before")
    func restForOne() {
        var machine = machine([worker, worker, worker], .restForOne)
        _ = machine.start(now: .zero)
        #expect(machine.exited(1, generation: 1, .failed("x"), now: .zero, random: 0) == [.cancel(2)])
        #expect(
            machine.exited(2, generation: 1, .returned, now: .zero, random: 0)
                == [.backOff(1, generation: 1, after: .seconds(1))])
        #expect(
            machine.backOffElapsed(1, generation: 1, now: .seconds(1))
                == [.start(1, generation: 2), .start(2, generation: 2)])
        #expect(machine.children[0].generation == 1)
    }

    @Test("an earlier child that fails meanwhile widens the group; the first timer is stale")
    func restForOneWidened() {
        var machine = machine([worker, worker, worker], .restForOne)
        _ = machine.start(now: .zero)
        _ = machine.exited(2, generation: 1, .failed("x"), now: .zero, random: 0)
        #expect(machine.exited(0, generation: 1, .failed("y"), now: .zero, random: 0) == [.cancel(1)])
        #expect(machine.backOffElapsed(2, generation: 1, now: .seconds(1)) == [])
        #expect(
            machine.exited(1, generation: 1, .returned, now: .seconds(1), random: 0)
                == [.backOff(0, generation: 1, after: .seconds(1))])
        #expect(machine.backOffElapsed(0, generation: 1, now: .seconds(2)).count == 3)
    }

    @Test("transient children end by returning, temporary ones by failing too, permanent ones never")
    func restartKinds() {
        for strategy in [Strategy.oneForOne, .oneForAll, .restForOne] {
            let rules = [ChildSpec.Restart.transient, .temporary, .permanent].map {
                Machine.Rule(restart: $0, shutdown: .cancel)
            }
            var machine = machine(rules, strategy)
            _ = machine.start(now: .zero)
            #expect(machine.exited(0, generation: 1, .returned, now: .zero, random: 0) == [])
            #expect(machine.exited(1, generation: 1, .failed("x"), now: .zero, random: 0) == [])
            #expect(machine.children.map(\.state) == [.ended, .ended, .running])
            #expect(
                machine.exited(2, generation: 1, .returned, now: .zero, random: 0)
                    == [.backOff(2, generation: 1, after: .seconds(1))])
            #expect(machine.backOffElapsed(2, generation: 1, now: .seconds(1)) == [.start(2, generation: 2)])
        }
    }

    @Test("more failures than the intensity within the window end the supervisor with the child's error")
    func intensity() {
        var machine = machine([worker, worker], .oneForOne, restarts: 2)
        _ = machine.start(now: .zero)
        for generation in 1...2 {
            _ = machine.exited(1, generation: generation, .failed("x"), now: .seconds(generation), random: 0)
            _ = machine.backOffElapsed(1, generation: generation, now: .seconds(generation))
        }
        #expect(machine.exited(1, generation: 3, .failed("last"), now: .seconds(3), random: 0) == [.cancel(0)])
        #expect(
            machine.exited(0, generation: 1, .returned, now: .seconds(3), random: 0)
                == [.finish(.gaveUp(child: 1, lastError: "last"))])
    }

    @Test("failures further apart than the window never end it")
    func intensityWindow() {
        var machine = machine([worker], .oneForOne, restarts: 1)
        _ = machine.start(now: .zero)
        for generation in 1...20 {
            let now = Duration.seconds(11 * generation)
            #expect(machine.exited(0, generation: generation, .failed("x"), now: now, random: 0).count == 1)
            #expect(machine.backOffElapsed(0, generation: generation, now: now).count == 1)
        }
    }

    @Test("a child that ran long begins again with the first delay")
    func backOffReset() {
        var machine = machine([worker], .oneForOne, restarts: 100)
        _ = machine.start(now: .zero)
        var now = Duration.zero
        var delays: [Duration] = []
        for (generation, ran) in [(1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 61)] {
            now += .seconds(ran)
            let orders = machine.exited(0, generation: generation, .failed("x"), now: now, random: 0)
            guard case .backOff(_, _, let delay)? = orders.first else { continue }
            delays.append(delay)
            _ = machine.backOffElapsed(0, generation: generation, now: now)
        }
        #expect(delays == [1, 2, 4, 8, 8, 1].map { .seconds($0) })
    }

    @Test("a stop drains backward, cancels at the deadline and forgets back-offs")
    func stop() {
        var machine = machine([drained, worker, drained], .oneForOne)
        _ = machine.start(now: .zero)
        _ = machine.exited(1, generation: 1, .failed("x"), now: .zero, random: 0)
        #expect(
            machine.stop(now: .zero) == [.drain(2), .watchDeadline(2, generation: 1, after: .seconds(5))])
        #expect(machine.stop(now: .zero) == [])
        #expect(machine.backOffElapsed(1, generation: 1, now: .seconds(1)) == [])
        #expect(machine.deadlinePassed(2, generation: 1, now: .seconds(5)) == [.cancel(2)])
        #expect(
            machine.exited(2, generation: 1, .failed("CancellationError()"), now: .seconds(5), random: 0)
                == [.drain(0), .watchDeadline(0, generation: 1, after: .seconds(5))])
        #expect(machine.exited(0, generation: 1, .returned, now: .seconds(6), random: 0) == [.finish(.stopped)])
        #expect(machine.deadlinePassed(0, generation: 1, now: .seconds(9)) == [])
        #expect(machine.children.map(\.state) == [.stopped, .stopped, .stopped])
    }

    @Test("exits and timers of an earlier life change nothing")
    func stale() {
        var machine = machine([worker], .oneForOne)
        _ = machine.start(now: .zero)
        _ = machine.exited(0, generation: 1, .failed("x"), now: .zero, random: 0)
        _ = machine.backOffElapsed(0, generation: 1, now: .zero)
        let before = machine.children
        #expect(machine.exited(0, generation: 1, .failed("late"), now: .zero, random: 0) == [])
        #expect(machine.backOffElapsed(0, generation: 1, now: .zero) == [])
        #expect(machine.children == before)
    }

    @Test("any order of crashes, timers and a stop ends with nobody left alive", arguments: 0..<200 as Range<UInt64>)
    func randomWalk(seed: UInt64) {
        var random = SplitMix(state: seed)
        let restarts: [ChildSpec.Restart] = [.permanent, .transient, .temporary]
        let rules = (0..<4).map { _ in
            Machine.Rule(
                restart: restarts[Int.random(in: 0..<3, using: &random)],
                shutdown: Bool.random(using: &random) ? .cancel : .drain(.seconds(1)))
        }
        let strategy = [Strategy.oneForOne, .oneForAll, .restForOne][Int.random(in: 0..<3, using: &random)]
        var machine = machine(rules, strategy, restarts: 5)
        var live: [Int: Int] = [:]
        var timers: [Machine.Order] = []
        var finished = false
        func take(_ orders: [Machine.Order]) {
            for order in orders {
                #expect(!finished)
                switch order {
                case .start(let index, let generation):
                    #expect(live[index] == nil, "child \(index) was started twice")
                    live[index] = generation
                case .backOff, .watchDeadline: timers.append(order)
                case .drain(let index), .cancel(let index): #expect(live[index] != nil)
                case .finish: finished = true
                }
            }
        }
        take(machine.start(now: .zero))
        for step in 0..<200 where !finished {
            let now = Duration.milliseconds(100 * step)
            if step == 150 { take(machine.stop(now: now)) }
            if Bool.random(using: &random), let timer = timers.randomElement(using: &random) {
                timers.removeAll { $0 == timer }
                switch timer {
                case .backOff(let index, let generation, _):
                    take(machine.backOffElapsed(index, generation: generation, now: now))
                case .watchDeadline(let index, let generation, _):
                    take(machine.deadlinePassed(index, generation: generation, now: now))
                case .start, .drain, .cancel, .finish: break
                }
            } else if let (index, generation) = live.sorted(by: { $0.key < $1.key }).randomElement(using: &random) {
                live[index] = nil
                let exit = Bool.random(using: &random) ? Machine.Exit.returned : .failed("x")
                take(machine.exited(index, generation: generation, exit, now: now, random: 0.5))
            }
        }
        #expect(finished && live.isEmpty)
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
