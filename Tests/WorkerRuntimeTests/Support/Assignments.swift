import JSON
import Protobuf
import Testing

@testable import WorkerRuntime

extension BeamlineV1.TaskRef {
    /// Each test's tasks have keys of their own, by which the processes that a task left behind are found: tests run at
    /// the same time in one process.
    static func sample(_ step: String = "greet", attempt: Int32 = 1) -> Self {
        let test = Test.current.map { "\($0.id)" } ?? "none"
        return BeamlineV1.TaskRef(
            runID: "01939d2c-7a00-7000-8000-000000000001", flowID: "hello", stepID: step, attempt: attempt,
            idempotencyKey: "01939d2c/\(step)/\(attempt)/\(test.hashValue)",
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    }
}

extension BeamlineV1.Assign {
    static func sample(
        _ type: String, _ with: JSONValue = [:], step: String = "greet", pool: String = "", timeMs: Int64 = 0,
        graceMs: Int64 = 0
    ) -> Self {
        BeamlineV1.Assign(
            task: .sample(step), taskType: type, pool: pool, input: with.bytes(),
            limits: BeamlineV1.Limits(timeMs: timeMs, graceMs: graceMs), workflow: "hello")
    }
}
