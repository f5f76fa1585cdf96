import JSON
import Protobuf

@testable import WorkerRuntime

extension BeamlineV1.TaskRef {
    static func sample(_ step: String = "greet", attempt: Int32 = 1) -> Self {
        BeamlineV1.TaskRef(
            runID: "01939d2c-7a00-7000-8000-000000000001", flowID: "hello", stepID: step, attempt: attempt,
            idempotencyKey: "01939d2c/\(step)/\(attempt)",
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
