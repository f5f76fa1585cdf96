public import HTTPClient
import JSON
import Protobuf

/// `http`: one request to another server.
///
/// `with`: `url`, `method`, `headers`, `body` (text) or `json` (any value), `timeout`, `expect` (a status or a list;
/// 200 to 299 otherwise), `redirects` (how many are followed). The output has `status`, `headers` and `body`, which is
/// a JSON value where the answer says that it is JSON, and text otherwise.
public struct HTTPExecutor: TaskExecutor {
    public let taskType = "http"
    public let pool: String
    private let client: HTTPClient

    public init(client: HTTPClient, pool: String = "io") {
        self.client = client
        self.pool = pool
    }

    public func run(_ execution: TaskExecution) async -> TaskOutcome {
        do throws(TaskFailure) {
            let task = try HTTPTask(execution)
            return await withTaskGroup(of: TaskOutcome?.self) { group in
                group.addTask { await task.run(client) }
                group.addTask {
                    await execution.stop.wait()
                    return nil
                }
                let first = await group.next()
                group.cancelAll()
                return (first ?? nil) ?? .failure(.stopped())
            }
        } catch {
            return .failure(error)
        }
    }
}
