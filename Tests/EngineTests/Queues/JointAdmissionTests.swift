import Engine
import Testing
import Workflows

@Suite("Slots of two limits at once")
struct JointAdmissionTests {
    private static func limit(_ name: String) -> LimitID { LimitID(tenant: TenantID(1), level: .step, name: name) }

    private let key = limit("key")
    private let target = limit("target")
    private let other = limit("other")

    @Test("both slots or none; who cannot have the second leaves the first to the next")
    func both() {
        var judge = JointAdmission(free: [key: 2, target: 0, other: 1])
        #expect(judge.judge(line: key, joint: target) == .moved)
        #expect(judge.judge(line: key, joint: other) == .admitted)
        #expect(judge.judge(line: key, joint: other) == .moved, "the other has no slot left")
        #expect(judge.judge(line: key, joint: nil) == .admitted)
        #expect(judge.judge(line: key, joint: nil) == .waits)
        #expect(!judge.hasRoom(key) && judge.unfinished.isEmpty)
    }

    @Test("nobody passes one whose other limit was not looked at: the line is judged again")
    func unknown() {
        var judge = JointAdmission(free: [key: 3, other: 1])
        #expect(judge.judge(line: key, joint: nil) == .admitted)
        #expect(judge.judge(line: key, joint: target) == .waits)
        #expect(judge.judge(line: key, joint: nil) == .waits)
        #expect(judge.judge(line: other, joint: nil) == .admitted)
        #expect(judge.unfinished == [key] && judge.hasRoom(key))
    }

    @Test("a line that was not looked at lets nobody in")
    func unlockedLine() {
        var judge = JointAdmission(free: [:])
        #expect(judge.judge(line: key, joint: nil) == .waits && !judge.hasRoom(key))
    }
}
