import Telemetry
import Workflows

/// The lanes' queues, and which run belongs to which.
final class CommandRouter: Sendable {
    let queues: [LaneQueue]
    private let metrics: EngineMetrics

    init(configuration: EngineConfiguration, metrics: EngineMetrics) {
        self.metrics = metrics
        queues = (0..<configuration.lanes).map { _ in
            LaneQueue(
                commandLimit: configuration.laneCommands, byteLimit: configuration.laneBytes,
                eager: configuration.eagerCommands)
        }
    }

    /// A caller's command: refused at once (and answered so) when its lane is full or closed.
    func submit(_ command: LaneCommand) {
        switch queue(of: command.key).append(command, unbounded: false) {
        case .accepted: break
        case .overloaded:
            metrics.overloads.add()
            command.reply.answer(
                .failed(EngineError(.overloaded, "too many commands wait in this node", retryAfter: .seconds(1))))
        case .closed: command.reply.answer(.failed(.stopping))
        }
    }

    /// An outcome or a command of the engine's own: slots, timers and the inbox bound their number already.
    func submitOwn(_ command: LaneCommand) {
        switch queue(of: command.key).append(command, unbounded: true) {
        case .accepted, .overloaded: break
        case .closed: command.reply.answer(.failed(.stopping))
        }
    }

    /// Durable messages to runs. Those that start a run, or ask the store, are left to the sweep of the inbox.
    func submit(_ messages: [InboxMessage], acceptedAt now: Duration) {
        for message in messages {
            let kind: LaneCommand.Kind
            switch message.command {
            case .cancel(let reason): kind = .cancel(reason: reason)
            case .admit: kind = .admit
            case .signal(let signal): kind = .event(.signal(signal))
            case .childEnded(let step, let outcome): kind = .event(.childEnded(step: step, outcome))
            case .startChild, .seek: continue
            }
            submitOwn(LaneCommand(key: message.id.key, kind: kind, inbox: message.id, acceptedAt: now, reply: .none))
        }
    }

    private func queue(of key: RunKey) -> LaneQueue {
        queues[RunDirectory.lane(of: key, count: queues.count)]
    }
}

extension EngineError {
    static let stopping = Self(.unavailable, "this node is stopping", retryAfter: .seconds(1))
}
