import Protobuf
import Testing

@testable import WorkerRuntime

@Suite("Worker session")
struct WorkerSessionStateMachineTests {
    typealias Machine = WorkerSessionStateMachine
    let start = ContinuousClock.now
    let task = BeamlineV1.TaskRef.sample()
    var key: AttemptKey { AttemptKey(task) }
    let session = [UInt8](repeating: 1, count: 16)

    func machine(cpu: Int = 2) -> Machine {
        Machine(
            identity: .init(
                worker: "w", softwareVersion: "1", taskTypes: ["noop": "io", "shell": "cpu"],
                pools: ["cpu": cpu, "io": 8], labels: [:]), session: session)
    }

    func connected(cpu: Int = 2) -> Machine {
        var machine = machine(cpu: cpu)
        _ = machine.connected(now: start)
        _ = welcome(&machine)
        return machine
    }

    @discardableResult
    func welcome(_ machine: inout Machine) -> [Machine.Order] {
        machine.received(
            .init(kind: .welcome(.init(workerID: "1", leaseMs: 15000, protocolVersion: 1, heartbeatMs: 5000))),
            now: start)
    }

    func assign(_ machine: inout Machine, _ assign: BeamlineV1.Assign) -> [Machine.Order] {
        machine.received(.init(kind: .assign(assign)), now: start)
    }

    func greeting(_ orders: [Machine.Order]) -> BeamlineV1.Hello? {
        guard case .send(.hello(let hello))? = orders.first else { return nil }
        return hello
    }

    var complete: BeamlineV1.WorkerMessage.Kind { .complete(.init(task: task.name, output: [0x31], usage: .init())) }

    @Test("greets with what it can do")
    func greets() throws {
        var machine = machine()
        let hello = try #require(greeting(machine.connected(now: start)))
        #expect(hello.worker == "w" && hello.session == session && hello.protocolVersions == [1])
        #expect(hello.pools == [.init(name: "cpu", slots: 2), .init(name: "io", slots: 8)])
        #expect(hello.taskTypes.map(\.name) == ["noop", "shell"] && hello.held.isEmpty)
    }

    @Test("starts an assignment, and says so again when it comes twice")
    func starts() {
        var machine = connected()
        let assign = BeamlineV1.Assign.sample("shell")
        #expect(self.assign(&machine, assign) == [.send(.started(.init(task: task.name))), .start(assign)])
        #expect(self.assign(&machine, assign) == [.send(.started(.init(task: task.name)))])
        #expect(machine.usedSlots("cpu") == 1)
    }

    @Test("keeps an outcome until it is acknowledged")
    func keepsOutcomes() {
        var machine = connected()
        _ = assign(&machine, .sample("shell"))
        #expect(machine.ended(key, .success([0x31]), now: start) == [.send(complete)])
        #expect(machine.usedSlots("cpu") == 0)
        #expect(machine.disconnected() == [])
        #expect(greeting(machine.connected(now: start))?.held == [task.name])
        #expect(welcome(&machine) == [.send(complete)])
        _ = machine.received(.init(kind: .ack(.init(task: task, result: .recorded))), now: start)
        #expect(machine.heldCount == 0)
        _ = machine.disconnected()
        #expect(greeting(machine.connected(now: start))?.held == [])
    }

    @Test("an outcome that came up without a stream is sent on the next one")
    func outcomeWhileDown() {
        var machine = connected()
        _ = assign(&machine, .sample("shell"))
        _ = machine.disconnected()
        #expect(machine.ended(key, .success([0x31]), now: start) == [])
        _ = machine.connected(now: start)
        #expect(welcome(&machine) == [.send(complete)])
    }

    @Test("an outcome without an answer is sent again")
    func resends() {
        var machine = connected()
        _ = assign(&machine, .sample("shell"))
        _ = machine.ended(key, .success([0x31]), now: start)
        #expect(machine.tick(now: start + .seconds(5)) == [.send(.heartbeat(.init(held: 0, sequence: 1)))])
        #expect(
            machine.tick(now: start + .seconds(11)) == [
                .send(.heartbeat(.init(held: 0, sequence: 2))), .send(complete),
            ]
        )
        #expect(machine.tick(now: start + .seconds(12)) == [.send(.heartbeat(.init(held: 0, sequence: 3)))])
    }

    @Test("what exceeds the slots waits, and is not held over a disconnection")
    func waits() {
        var machine = connected(cpu: 1)
        let second = BeamlineV1.Assign.sample("shell", step: "second")
        _ = assign(&machine, .sample("shell"))
        #expect(assign(&machine, second) == [])
        #expect(machine.tick(now: start) == [.send(.heartbeat(.init(held: 2, sequence: 1)))])
        #expect(
            machine.ended(key, .success([0x31]), now: start) == [
                .send(complete), .send(.started(.init(task: .sample("second").name))), .start(second),
            ])
        #expect(assign(&machine, .sample("shell", step: "third")) == [])
        _ = machine.disconnected()
        let held = greeting(machine.connected(now: start))?.held ?? []
        #expect(Set(held.map(\.stepID)) == ["greet", "second"])
    }

    @Test("a cancelled attempt is stopped and its outcome told to nobody", arguments: [true, false])
    func cancels(byRevoke: Bool) {
        var machine = connected()
        _ = assign(&machine, .sample("shell"))
        let message: BeamlineV1.ServerMessage.Kind =
            byRevoke ? .revoke(.init(task: task)) : .cancel(.init(task: task, reason: "run cancelled"))
        #expect(machine.received(.init(kind: message), now: start) == [.stop(key, .graceful)])
        #expect(machine.inventory == [])
        #expect(machine.ended(key, .success([0x31]), now: start) == [])
        #expect(machine.heldCount == 0 && machine.usedSlots("cpu") == 0)
    }

    @Test("a killed attempt's outcome counts")
    func kills() {
        var machine = connected()
        _ = assign(&machine, .sample("shell"))
        #expect(
            machine.received(.init(kind: .kill(.init(task: task, strategy: "immediate"))), now: start) == [
                .stop(key, .immediate)
            ])
        #expect(machine.ended(key, .success([0x31]), now: start) == [.send(complete)])
    }

    @Test("answers the inventory")
    func inventory() {
        var machine = connected()
        _ = assign(&machine, .sample("shell"))
        #expect(
            machine.received(.init(kind: .inventory(.init())), now: start) == [
                .send(.inventory(.init(held: [task.name])))
            ])
    }

    @Test("a reconnect keeps the session and names what it holds")
    func reconnects() throws {
        var machine = connected()
        _ = assign(&machine, .sample("shell"))
        #expect(
            machine.received(.init(kind: .reconnect(.init(reason: "stopping"))), now: start) == [
                .disconnect(reason: "the server says: stopping")
            ])
        #expect(machine.disconnected() == [])
        let hello = try #require(greeting(machine.connected(now: start)))
        #expect(hello.session == session && hello.held == [task.name])
    }

    @Test("gives a silent stream up")
    func silence() {
        var machine = connected()
        #expect(
            machine.tick(now: start + .seconds(16)) == [.disconnect(reason: "nothing was heard for a lease period")])
        var greeting = self.machine()
        _ = greeting.connected(now: start)
        #expect(greeting.tick(now: start + .seconds(11)) == [.disconnect(reason: "no Welcome within 10 s")])
    }

    @Test("refuses a protocol version that it does not speak")
    func version() {
        var machine = machine()
        _ = machine.connected(now: start)
        let orders = machine.received(.init(kind: .welcome(.init(protocolVersion: 7))), now: start)
        #expect(orders == [.disconnect(reason: "the server chose protocol version 7")])
        #expect(!machine.isUp)
    }

    @Test("drains: finishes what runs, takes no more, leaves when all is acknowledged")
    func drains() {
        var machine = connected()
        _ = assign(&machine, .sample("shell"))
        #expect(machine.drain() == [.send(.draining(.init()))])
        #expect(assign(&machine, .sample("shell", step: "late")) == [])
        #expect(machine.ended(key, .success([0x31]), now: start) == [.send(complete)])
        #expect(
            machine.received(.init(kind: .ack(.init(task: task, result: .recorded))), now: start) == [.finish])
        #expect(machine.leaving == .finished)
    }

    @Test("an idle worker leaves at once")
    func drainsIdle() {
        var machine = connected()
        #expect(machine.received(.init(kind: .drain(.init())), now: start) == [.send(.draining(.init())), .finish])
    }

    @Test("after the grace what runs is stopped, and no attempt is burned by it")
    func stops() {
        var machine = connected()
        _ = assign(&machine, .sample("shell"))
        _ = machine.drain()
        #expect(machine.stop(.graceful) == [.stop(key, .graceful)])
        #expect(machine.ended(key, .failure(.stopped()), now: start) == [.finish])
    }

    @Test("a success that beats the stop is reported")
    func succeedsWhileStopping() {
        var machine = connected()
        _ = assign(&machine, .sample("shell"))
        _ = machine.stop(.graceful)
        #expect(machine.ended(key, .success([0x31]), now: start) == [.send(complete)])
    }

    @Test("unknown messages and late answers change nothing")
    func ignores() {
        var machine = connected()
        #expect(machine.received(.init(), now: start) == [])
        #expect(machine.received(.init(kind: .ack(.init(task: task, result: .stale))), now: start) == [])
        #expect(machine.received(.init(kind: .cancel(.init(task: task))), now: start) == [])
        #expect(machine.ended(key, .success([]), now: start) == [])
        #expect(machine.heldCount == 0)
    }
}
