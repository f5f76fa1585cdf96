import Engine
import Workflows

/// What a worker tells a node.
enum WorkerFrame: Sendable {
    case hello(held: [TaskName])
    case started(TaskName)
    case finish(TaskName, FinishCommand.Outcome)
    case heartbeat(held: Int)
    case inventory([TaskName])
    case draining
    /// The stream's end, in good order.
    case close

    var text: String {
        switch self {
        case .hello(let held): "hello \(held.count)"
        case .started(let task): "started \(task.text)"
        case .finish(let task, .success): "success \(task.text)"
        case .finish(let task, .failure(let failure)): "failure \(task.text) \(failure.code)"
        case .heartbeat(let held): "heartbeat \(held)"
        case .inventory(let tasks): "inventory \(tasks.count)"
        case .draining: "draining"
        case .close: "close"
        }
    }

    /// A stream that begins or ends wrongly is another fault: a cut.
    var mayBeLost: Bool {
        switch self {
        case .hello, .close: false
        case .started, .finish, .heartbeat, .inventory, .draining: true
        }
    }
}

/// What a node tells a worker.
enum NodeFrame: Sendable {
    case welcome
    case assign(Assignment)
    case acknowledge(TaskName, FinishAnswer)
    case cancel(TaskName)
    case revoke(TaskName)
    case inventory
    case heartbeat
    case reconnect(String)

    var text: String {
        switch self {
        case .welcome: "welcome"
        case .assign(let assignment): "assign \(assignment.task.text)"
        case .acknowledge(let task, let answer): "ack \(task.text) \(answer)"
        case .cancel(let task): "cancel \(task.text)"
        case .revoke(let task): "revoke \(task.text)"
        case .inventory: "inventory?"
        case .heartbeat: "heartbeat"
        case .reconnect(let reason): "reconnect: \(reason)"
        }
    }

    var mayBeLost: Bool {
        switch self {
        case .welcome: false
        case .assign, .acknowledge, .cancel, .revoke, .inventory, .heartbeat, .reconnect: true
        }
    }
}
