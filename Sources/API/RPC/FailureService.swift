import Access
import Engine
import GRPC
import JSON
import Protobuf
import Telemetry
import Workflows

/// `beamline.v1.FailureService`.
struct FailureService: Sendable {
    let failures: FailureOperations
    let metrics: MetricsRegistry

    func add(to router: inout GRPCRouter<Caller>) {
        router.serve(BeamlineV1.FailureService.listDeadLetters, metrics) { request, caller in
            let page = try await failures.list(
                filter: request.filter.isEmpty ? nil : request.filter,
                before: try Cursor.deadLetter(request.pageToken.isEmpty ? nil : request.pageToken),
                pageSize: try PageSize.checked(request.pageSize), tenant: caller.tenant)
            return BeamlineV1.ListDeadLettersResponse(
                deadLetters: page.letters.map { BeamlineV1.DeadLetter($0) },
                nextPageToken: page.next.map { Cursor.text($0) } ?? "")
        }
        router.serve(BeamlineV1.FailureService.getDeadLetter, metrics) { request, caller in
            let found = try await failures.letter(try DeadLetterID(named: request.id), caller, to: .readRuns)
            var letter = BeamlineV1.DeadLetter(found.letter)
            letter.attempts = found.attempts.map { BeamlineV1.Attempt($0) }
            return letter
        }
        router.serve(BeamlineV1.FailureService.redriveDeadLetter, metrics) { request, caller in
            let summary = try await failures.redrive(
                try DeadLetterID(named: request.id), input: try JSONContent.object(request.input, "input"), caller)
            return BeamlineV1.Run(summary)
        }
        router.serve(BeamlineV1.FailureService.rerunRun, metrics, rerun)
    }

    private func rerun(
        _ request: BeamlineV1.RerunRunRequest, _ caller: Caller
    ) async throws -> BeamlineV1.RerunRunResponse {
        let run = try RunService.run(request.runID)
        let input = try JSONContent.object(request.input, "input")
        let stepInput = try JSONContent.object(request.stepInput, "step_input")
        let scope: RerunCommand.Scope
        switch request.from {
        case .step(let step): scope = .step(step, input: stepInput)
        case .failed(let isPart): scope = isPart ? .failed : .whole
        case nil: scope = .whole
        }
        if case .step = scope {
        } else if stepInput != nil {
            throw Problem(400, "invalid_argument", "step_input belongs to the field step, which is missing.")
        }
        // What the request asks for, whatever its key: the same key with another request is a conflict.
        var asked = request
        asked.idempotencyKey = ""
        let rerun = try await failures.rerun(
            run, scope: scope, input: input,
            idempotencyKey: request.idempotencyKey.isEmpty ? nil : request.idempotencyKey,
            digest: Digest(of: try asked.serialized()).bytes, caller)
        return BeamlineV1.RerunRunResponse(run: BeamlineV1.Run(rerun.summary), created: rerun.created)
    }
}

/// JSON in fields of messages.
enum JSONContent {
    /// - Returns: `nil` where the field is empty.
    /// - Throws: 400 `malformed_json`, 413 `payload_too_large`, 422 `invalid_input`.
    static func object(_ text: [UInt8], _ name: String) throws(Problem) -> [UInt8]? {
        guard !text.isEmpty else { return nil }
        guard text.count <= RunOperations.inputLimit else {
            throw Problem(413, "payload_too_large", "\(name) is larger than \(RunOperations.inputLimit) bytes.")
        }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: text)
        } catch { throw Problem(400, "malformed_json", "\(name) is not acceptable JSON: \(error).") }
        guard case .object = value else {
            throw Problem(422, "invalid_input", "\(name) must be an object; it is of type \(value.typeName).")
        }
        return text
    }
}

extension DeadLetterID {
    /// - Throws: 400 `invalid_dead_letter_id`.
    init(named text: String) throws(Problem) {
        guard let id = DeadLetterID(text) else {
            throw Problem(
                400, "invalid_dead_letter_id",
                "\"\(text)\" is no dead letter's id; it reads RUN-NUMBER, as the list has it.")
        }
        self = id
    }
}

extension BeamlineV1.DeadLetter {
    /// Without the attempts.
    init(_ letter: DeadLetter) {
        let row = letter.row
        self.init(
            id: letter.id.description, runID: row.key.run.description, workflow: letter.workflow,
            version: letter.version, stepID: row.name, attempt: row.attempt, replays: row.generation,
            failedUnixUs: letter.at.microseconds, error: BeamlineV1.Error(row.failure), input: row.input ?? [],
            worker: row.timing.worker ?? "", enqueuedUnixUs: row.timing.enqueuedAt?.microseconds ?? 0,
            leasedUnixUs: row.timing.leasedAt?.microseconds ?? 0,
            startedUnixUs: row.timing.startedAt?.microseconds ?? 0,
            redrivenUnixUs: letter.redrivenAt?.microseconds ?? 0, redrivenBy: letter.redrivenBy ?? "")
    }
}

extension BeamlineV1.Attempt {
    init(_ row: TransitionRow) {
        self.init(
            attempt: row.transition.attempt, state: RunView.Attempt.State(row.transition).rawValue,
            worker: row.worker ?? "", enqueuedUnixUs: row.enqueuedAt?.microseconds ?? 0,
            leasedUnixUs: row.leasedAt?.microseconds ?? 0, startedUnixUs: row.startedAt?.microseconds ?? 0,
            endedUnixUs: row.transition.at.microseconds, error: row.transition.failure.map { BeamlineV1.Error($0) })
    }
}
