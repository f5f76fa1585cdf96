import Access
import Logging
import Server
import UnixSignals

/// A node's life in this process: until it is told to stop, or gives up.
enum ServeSession {
    static func run(_ options: ServerOptions) async throws {
        let logger = Logger(label: "beamline.serve")
        let node: ServerNode
        do {
            node = try await ServerNode.make(options, logger: logger)
        } catch {
            throw CommandFailure(.unreachable, "error: \(StartFailure.text(error))")
        }
        let scheme = node.isTLS ? "https" : "http"
        for (listener, addresses) in node.listeners.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            for address in addresses {
                logger.notice(
                    "listening",
                    metadata: [
                        "address": "\(scheme)://\(address)", "for": "\(listener)", "node": "\(options.nodeName)",
                    ])
            }
        }
        try await untilSignalled(stop: node.stop) { try await node.run() }
    }

    /// Runs `body`; SIGTERM or SIGINT call `stop`, a second one calls `atOnce`, or cancels `body` without it.
    static func untilSignalled(
        stop: @escaping @Sendable () -> Void, atOnce: (@Sendable () -> Void)? = nil,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                var seen = 0
                for await _ in signals {
                    seen += 1
                    if seen == 1 {
                        stop()
                    } else if let atOnce {
                        atOnce()
                    } else {
                        throw CommandFailure(.failed, "stopped at once by a second signal")
                    }
                }
                return false
            }
            while let isOver = try await group.next() {
                if isOver { break }
            }
            group.cancelAll()
        }
    }
}

/// What stands in the way of a start, with the remedy.
enum StartFailure {
    static func text(_ error: any Error) -> String {
        "\(error)"
    }
}
