import Engine
import JSON
import Protobuf
import Workflows

/// The worker protocol's messages over the engine's values.
extension BeamlineV1.TaskRef {
    init(_ task: TaskName) {
        let run = task.run.description
        self.init(
            runID: run, stepID: task.step, attempt: task.attempt, idempotencyKey: task.idempotencyKey(ofRun: run))
    }
}

extension TaskName {
    /// - Throws: a 400 for a reference that names nothing.
    init(_ reference: BeamlineV1.TaskRef?) throws(Problem) {
        guard let reference, let run = RunID(reference.runID), !reference.stepID.isEmpty, reference.attempt > 0 else {
            throw Problem(400, "invalid_task", "A message needs a task with run_id, step_id and attempt.")
        }
        self.init(run: run, step: reference.stepID, attempt: reference.attempt)
    }
}

extension BeamlineV1.Assign {
    /// - Parameter reference: of the assignment's task.
    init(_ assignment: Assignment, _ reference: BeamlineV1.TaskRef) {
        var task = reference
        task.flowID = assignment.workflow
        task.traceparent = assignment.traceparent ?? ""
        self.init(
            task: task, taskType: assignment.taskType, pool: assignment.pool, input: assignment.input,
            deadlineUnixMs: (assignment.deadline?.microseconds ?? 0) / 1000,
            limits: assignment.timeLimit.map { BeamlineV1.Limits(timeMs: $0.wholeMicroseconds / 1000) },
            retryCount: assignment.retryCount, enqueuedUnixUs: assignment.enqueuedAt.microseconds,
            workflow: assignment.workflow, secrets: assignment.secrets)
    }
}

extension BeamlineV1.Ack.Result {
    init(_ answer: FinishAnswer) {
        switch answer {
        case .recorded: self = .recorded
        case .alreadyRecorded: self = .alreadyRecorded
        case .stale: self = .stale
        }
    }
}

extension FinishCommand.Outcome {
    /// Most bytes of a step's output.
    static let outputLimit = 1 << 20

    /// An output that is not JSON, or too large, is the attempt's failure: the worker sent what the run cannot hold.
    init(_ complete: BeamlineV1.Complete) {
        if complete.output.isEmpty {
            self = .success(JSONText.null.bytes)
        } else if complete.output.count > Self.outputLimit {
            self = .failure(
                StepFailure(
                    kind: .resource, code: "output_too_large",
                    message: "the output has \(complete.output.count) bytes; at most \(Self.outputLimit) are taken",
                    retryable: false))
        } else {
            do {
                self = .success(try JSONText(validating: complete.output).bytes)
            } catch {
                self = .failure(
                    StepFailure(
                        kind: .invalid, code: "invalid_output", message: "the output is not acceptable JSON: \(error)",
                        retryable: false))
            }
        }
    }

    init(_ fail: BeamlineV1.Fail) {
        self = .failure(
            StepFailure(
                kind: StepFailure.Kind(text: fail.kind) ?? .error, code: String(fail.code.prefix(200)),
                message: String(fail.message.prefix(10_000)), retryable: fail.retryable))
    }
}

extension WorkerHello {
    /// - Throws: a 400 that names the field.
    init(_ hello: BeamlineV1.Hello, tenant: TenantID) throws(Problem) {
        guard (1...200).contains(hello.worker.utf8.count) else {
            throw Problem(400, "invalid_hello", "worker must be a name of 1 to 200 bytes.")
        }
        guard let session = RunID.Bytes(hello.session) else {
            throw Problem(400, "invalid_hello", "session must have 16 bytes, new for each life of the worker.")
        }
        guard hello.protocolVersions.contains(WorkerService.protocolVersion) else {
            throw Problem(
                400, "protocol_version",
                "This server speaks version \(WorkerService.protocolVersion) of the worker protocol.")
        }
        guard hello.taskTypes.count <= 1000, hello.pools.count <= 100, hello.labels.count <= 100,
            hello.held.count <= 100_000
        else { throw Problem(400, "invalid_hello", "There are too many task types, pools, labels or held attempts.") }
        for pool in hello.pools where !(0...100_000).contains(pool.slots) || pool.name.isEmpty {
            throw Problem(400, "invalid_hello", "A pool needs a name and 0 to 100000 slots.")
        }
        var held: [TaskName] = []
        for task in hello.held { held.append(try TaskName(task)) }
        self.init(
            tenant: tenant, worker: hello.worker, session: SessionID(session), taskTypes: hello.taskTypes.map(\.name),
            pools: hello.pools.map { Pool(name: $0.name, slots: Int($0.slots)) }, held: held,
            capabilities: WorkerCapabilities(hello).json)
    }
}

extension LogLine.Stream {
    init(_ stream: BeamlineV1.Log.Stream) {
        switch stream {
        case .error: self = .error
        case .system: self = .system
        default: self = .output
        }
    }
}
