import Testing

@testable import Engine

@Suite("Turns of a lane's batches")
struct LaneTurnsTests {
    @Test("an idle lane begins a batch for one command, and writes it at once")
    func alone() {
        var turns = LaneTurns(eager: 64)
        #expect(!turns.mayBegin(waiting: 0))
        #expect(turns.mayBegin(waiting: 1))
        turns.begin()
        #expect(!turns.mayBegin(waiting: 1000))
        #expect(turns.next(waiting: 0, hasRoom: true) == .write)
        #expect(turns.next(waiting: 5, hasRoom: false) == .write)
    }

    @Test(
        "beside one that is written, the next is begun and gets more when enough wait for a look", arguments: [1, 64])
    func eager(count: Int) {
        var turns = LaneTurns(eager: count)
        turns.begin()
        turns.beginWriting()
        turns.endGathering()
        #expect(!turns.mayBegin(waiting: count - 1))
        #expect(turns.mayBegin(waiting: count))
        turns.begin()
        #expect(turns.next(waiting: count - 1, hasRoom: true) == .wait)
        #expect(turns.next(waiting: count, hasRoom: true) == .gather)
        #expect(turns.next(waiting: count, hasRoom: false) == .wait)
        turns.endWriting()
        #expect(turns.next(waiting: 0, hasRoom: false) == .write)
        turns.beginWriting()
        turns.endGathering()
        turns.endWriting()
        #expect(turns.mayBegin(waiting: 1))
    }
}
