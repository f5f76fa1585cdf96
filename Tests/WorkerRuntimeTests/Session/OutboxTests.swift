import Protobuf
import Testing

@testable import WorkerRuntime

@Suite("Outbox")
struct OutboxTests {
    func chunk(_ sequence: Int64, bytes: Int = 1) -> BeamlineV1.Log {
        BeamlineV1.Log(task: .sample(), sequence: sequence, stream: .output, text: String(repeating: "x", count: bytes))
    }

    func sequences(_ messages: [BeamlineV1.WorkerMessage]) -> [Int64] {
        messages.compactMap { if case .log(let log)? = $0.kind { log.sequence } else { nil } }
    }

    @Test("logs before an acknowledged heartbeat are forgotten, the others sent again")
    func resends() {
        var outbox = Outbox()
        outbox.up()
        outbox.append(chunk(1))
        outbox.append(.heartbeat(.init(held: 0, sequence: 1)))
        outbox.append(chunk(2))
        #expect(sequences(outbox.take()) == [1, 2])
        outbox.acknowledged(heartbeat: 1)
        outbox.down()
        outbox.append(chunk(3))
        #expect(outbox.isEmpty)
        outbox.up()
        #expect(sequences(outbox.take()) == [2, 3])
    }

    @Test("without a stream logs are bounded and counted")
    func bounded() {
        var outbox = Outbox()
        for sequence in 1...10 { outbox.append(chunk(Int64(sequence), bytes: 1 << 20)) }
        #expect(outbox.dropped == 2)
        #expect(outbox.hasRoom)
        outbox.up()
        #expect(sequences(outbox.take()) == [1, 2, 3, 4, 5, 6, 7, 8])
    }

    @Test("with a stream that does not take, programs wait")
    func room() {
        var outbox = Outbox()
        outbox.up()
        outbox.append(chunk(1, bytes: 1 << 20))
        #expect(!outbox.hasRoom)
        _ = outbox.take()
        #expect(outbox.hasRoom)
    }
}
