import JSON
import Protobuf

/// `noop`: succeeds at once with `with.output`, or with the whole `with` where there is none.
public struct NoopExecutor: ImmediateTaskExecutor {
    public let taskType = "noop"
    public let pool: String

    public init(pool: String = "io") { self.pool = pool }

    public func runNow(_ execution: TaskExecution) -> TaskOutcome {
        let input = execution.assignment.input
        // Most have no `output`: then the bytes go back unread.
        guard Self.mentionsOutput(input) else { return .success(input.isEmpty ? Array("{}".utf8) : input) }
        do {
            return .success(try JSONValue(parsing: input)["output"]?.bytes() ?? input)
        } catch {
            return .failure(.invalid("with: \(error)"))
        }
    }

    private static func mentionsOutput(_ input: [UInt8]) -> Bool {
        let key = Array("\"output\"".utf8)
        guard input.count > key.count else { return false }
        return input.indices.dropLast(key.count - 1).contains { input[$0] == key[0] && input[$0...].starts(with: key) }
    }
}
