import Protobuf
import Workflows

extension TaskOutcome {
    /// What the server is told.
    func message(for task: BeamlineV1.TaskRef) -> BeamlineV1.WorkerMessage.Kind {
        let usage = BeamlineV1.Usage(
            cpuUs: usage.cpu.wholeMicroseconds, peakMemoryBytes: usage.peakMemory,
            durationUs: usage.duration.wholeMicroseconds)
        switch result {
        case .success(let output):
            return .complete(BeamlineV1.Complete(task: task, output: output, usage: usage))
        case .failure(let failure):
            return .fail(
                BeamlineV1.Fail(
                    task: task, retryable: failure.retryable, kind: failure.kind.rawValue, code: failure.code,
                    message: failure.message.withoutNUL, usage: usage))
        }
    }

    /// Bytes that keeping it costs, roughly.
    var size: Int {
        switch result {
        case .success(let output): 256 + output.count
        case .failure(let failure): 256 + failure.message.utf8.count
        }
    }
}

extension String {
    /// Protobuf strings of this protocol hold no NUL.
    fileprivate var withoutNUL: String {
        utf8.contains(0)
            ? String(String.UnicodeScalarView(unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 })) : self
    }
}
