import Protobuf
import TestProtos
import Testing

@Suite("Messages to bytes and back")
struct ProtobufMessageTests {
    static let task = BeamlineV1.TaskRef(
        runID: "0192-af", flowID: "hello", stepID: "greet", attempt: 3, idempotencyKey: "é✓", traceparent: "")

    @Test("the wire format is protobuf's, by hand")
    func wire() throws {
        let request = BeamlineV1.StartRunRequest(workflow: "ab", version: 300, input: [1, 0, 2])
        let bytes: [UInt8] = [0x0a, 2, 0x61, 0x62, 0x10, 0xac, 0x02, 0x1a, 3, 1, 0, 2]
        #expect(try request.serialized() == bytes)
        #expect(try BeamlineV1.StartRunRequest(serialized: bytes) == request)
    }

    @Test(
        "every shape of field survives",
        arguments: [
            BeamlineV1.ServerMessage.Kind.ack(.init(task: task, result: .alreadyRecorded)),
            .assign(.init(task: task, input: Array(repeating: 7, count: 5), limits: .init(timeMs: -1), priority: -5)),
            .drain(.init(graceMs: .max)), .inventory(.init()),
        ])
    func oneof(kind: BeamlineV1.ServerMessage.Kind) throws {
        let message = BeamlineV1.ServerMessage(kind: kind)
        #expect(try BeamlineV1.ServerMessage(serialized: message.serialized()) == message)
    }

    @Test("many bytes survive")
    func large() throws {
        let message = BeamlineV1.Complete(task: Self.task, output: Array(repeating: 7, count: 1_000_000))
        #expect(try BeamlineV1.Complete(serialized: message.serialized()) == message)
    }

    @Test("repeated fields and doubles survive")
    func repeated() throws {
        let hello = BeamlineV1.Hello(
            worker: "w", protocolVersions: [1, -2, 3], pools: [.init(name: "cpu", slots: 2), .init()],
            held: [Self.task, Self.task])
        #expect(try BeamlineV1.Hello(serialized: hello.serialized()) == hello)
        let progress = BeamlineV1.Progress(task: Self.task, fraction: 0.25, message: "half of half")
        #expect(try BeamlineV1.Progress(serialized: progress.serialized()) == progress)
        let parameters = GRPCTesting.StreamingOutputCallRequest(
            responseParameters: [.init(size: 5, compressed: .init(value: true))])
        #expect(try GRPCTesting.StreamingOutputCallRequest(serialized: parameters.serialized()) == parameters)
    }

    @Test("an empty message is no bytes")
    func empty() throws {
        #expect(try GRPCTesting.Empty().serialized() == [])
        #expect(try BeamlineV1.ServerMessage(serialized: []) == BeamlineV1.ServerMessage())
    }

    @Test("an unknown enumeration value is kept")
    func openEnumeration() throws {
        let ack = BeamlineV1.Ack(result: .init(rawValue: 77))
        #expect(try BeamlineV1.Ack(serialized: ack.serialized()).result.rawValue == 77)
    }

    @Test("unknown fields are passed over")
    func unknownField() throws {
        #expect(try BeamlineV1.GetRunRequest(serialized: [0xfa, 0x01, 2, 9, 9, 0x0a, 1, 0x78]).runID == "x")
    }

    @Test("a string with a NUL is refused both ways, not cut")
    func containsNUL() throws {
        let error = ProtobufError.containsNUL(field: "beamline.v1.GetRunRequest.run_id")
        #expect(throws: error) { try BeamlineV1.GetRunRequest(serialized: [0x0a, 3, 0x61, 0, 0x62]) }
        #expect(throws: error) { try BeamlineV1.GetRunRequest(runID: "a\0b").serialized() }
    }

    @Test("a string that is not UTF-8 is refused")
    func notUTF8() {
        #expect(throws: ProtobufError.notUTF8(field: "beamline.v1.GetRunRequest.run_id")) {
            try BeamlineV1.GetRunRequest(serialized: [0x0a, 2, 0xc3, 0x28])
        }
    }

    @Test("every prefix of a message and garbage are refused or read, never trapped on")
    func truncated() throws {
        let whole = try BeamlineV1.ServerMessage(kind: .ack(.init(task: Self.task, result: .stale))).serialized()
        for count in 1..<whole.count {
            #expect(throws: ProtobufError.malformed(message: "beamline.v1.ServerMessage")) {
                try BeamlineV1.ServerMessage(serialized: Array(whole[..<count]))
            }
        }
        #expect(throws: ProtobufError.self) { try BeamlineV1.Run(serialized: [0xff, 0xff, 0xff]) }
    }

    @Test("a message that would take far more memory than its bytes is refused")
    func amplification() {
        // Two bytes an element on the wire, a struct of some hundred bytes each in memory.
        let bytes = Array(repeatElement([0x5a, 0] as [UInt8], count: 3_000_000).joined())
        #expect(throws: ProtobufError.malformed(message: "beamline.v1.Run")) { try BeamlineV1.Run(serialized: bytes) }
    }

    @Test("the descriptor set names every service")
    func descriptorSet() {
        let text = String(decoding: DescriptorSet.serialized, as: UTF8.self)
        for name in ["RunService", "WorkerService", "WorkflowService", "ServerReflection", "Health"] {
            #expect(text.contains(name))
        }
        #expect(BeamlineV1.RunService.startRun.path == "/beamline.v1.RunService/StartRun")
    }
}
