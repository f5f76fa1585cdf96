import Logging
import Supervision
import Synchronization
public import Workflows

/// Where the values of secrets come from when a step that names them goes to a worker.
public protocol SecretSource: Sendable {
    /// The values of those that there are.
    ///
    /// - Throws: `SecretProblem` when it lies with the secret; anything else is tried again.
    func values(of names: Set<String>, tenant: TenantID) async throws -> [String: [UInt8]]
}

/// Why a secret cannot be had, with its name.
public struct SecretProblem: Error, Sendable {
    public var message: String

    public init(_ message: String) { self.message = message }
}

/// Fetches the secrets of steps that have been leased, and hands the steps on. Only steps that name secrets come here.
final class SecretDelivery: Sendable {
    private struct Order {
        var lease: LeasedTask
        var entry: RunEntry
        var names: Set<String>
    }

    /// Between two tries when values cannot be fetched.
    private static let pause = Duration.seconds(1)

    let mark: SecretMark
    private let source: any SecretSource
    private let clock: any EngineClock
    private let logger: Logger
    private let orders = Mutex<[Order]>([])
    private let wake = Signal()

    init(source: any SecretSource, clock: any EngineClock, logger: Logger) {
        self.source = source
        self.clock = clock
        self.logger = logger
        // Not the engine's own randomness: that is fast, and can be guessed from the ids that it makes.
        var generator = SystemRandomNumberGenerator()
        mark = SecretMark(random: RunID.Bytes(high: generator.next(), low: generator.next()))
    }

    func add(_ lease: LeasedTask, _ entry: RunEntry, names: Set<String>) {
        orders.withLock { $0.append(Order(lease: lease, entry: entry, names: names)) }
        wake.raise()
    }

    /// Serves orders until the task is cancelled.
    func run(_ dispatcher: Dispatcher) async throws {
        while !Task.isCancelled {
            let taken = orders.withLock { orders in
                defer { orders = [] }
                return orders
            }
            var isFailing = false
            for order in taken {
                do {
                    let values = try await values(order.names, tenant: order.lease.fence.key.tenant)
                    dispatcher.assign(order.lease, entry: order.entry, secrets: values)
                } catch let problem as SecretProblem {
                    dispatcher.end(order.lease, failure: .secret(problem))
                } catch {
                    if !isFailing { logger.warning("secrets cannot be fetched", metadata: ["error": "\(error)"]) }
                    isFailing = true
                    dispatcher.withdraw(order.lease)
                }
            }
            if isFailing {
                await clock.sleep(until: clock.now + Self.pause)
            } else if taken.isEmpty {
                await wake.wait()
            }
        }
    }

    /// All of them, as text.
    private func values(_ names: Set<String>, tenant: TenantID) async throws -> [String: String] {
        let found = try await source.values(of: names, tenant: tenant)
        var values: [String: String] = [:]
        for name in names.sorted() {
            guard let bytes = found[name] else {
                throw SecretProblem("there is no secret \"\(name)\"; set it: beamline secret set \(name) < FILE")
            }
            guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
                throw SecretProblem("the secret \"\(name)\" is no text; store it encoded, as base64 say")
            }
            values[name] = text
        }
        return values
    }

    /// What an attempt was given, or would be.
    func secrets(of names: Set<String>, tenant: TenantID) async throws -> [[UInt8]] {
        Array(try await source.values(of: names, tenant: tenant).values)
    }
}

extension StepFailure {
    fileprivate static func secret(_ problem: SecretProblem) -> Self {
        StepFailure(kind: .invalid, code: "secret_unavailable", message: problem.message, retryable: false)
    }

    static let noSecrets = Self.secret(SecretProblem("this server has no secrets, and the step names some"))
}

extension Engine {
    /// The secrets of an attempt that runs; empty for one that has none, or that is not known.
    ///
    /// - Throws: when they cannot be found out now.
    public func secrets(of task: TaskName, tenant: TenantID) async throws -> [[UInt8]] {
        guard let delivery = parts.dispatcher.secrets,
            let entry = try await parts.directory.fresh(RunKey(tenant: tenant, run: task.run)),
            let step = entry.withContents({ $0.run.number(of: task.step) }),
            let (planned, _) = entry.planned(step), planned.usesSecrets
        else { return [] }
        return try await delivery.secrets(of: planned.secrets, tenant: tenant)
    }
}
