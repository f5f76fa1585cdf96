public import Expressions

/// A step may take the outcome of another step instead of running: `cache`, or `idempotency`. A reference, so that steps
/// without one carry no more than a pointer.
public final class OutcomeRule: Sendable {
    /// What the outcome is shared for. Raw values are stored.
    public enum Purpose: Int16, Sendable, CaseIterable {
        /// A step that has ended well leaves its output; one that finds none runs, beside others perhaps.
        case cache = 1
        /// One step at a time holds the key; the others wait for its outcome. Only a success is kept.
        case idempotency = 2

        /// Those of all purposes.
        public static let codes = Set(allCases.map(\.code))

        /// The code of a step's success that came from there.
        public var code: String {
            switch self {
            case .cache: "cached"
            case .idempotency: "idempotent"
            }
        }
    }

    public let purpose: Purpose
    /// How long a success is kept.
    public let lifetime: Duration
    /// Makes the key. A cache without one goes by the definition and the step's input.
    public let key: Template?
    /// What every key begins with: steps with another beginning share nothing.
    public let prefix: String

    public init(purpose: Purpose, lifetime: Duration, key: Template?, prefix: String) {
        self.purpose = purpose
        self.lifetime = lifetime
        self.key = key
        self.prefix = prefix
    }
}

extension OutcomeRule {
    convenience init?(_ step: WorkflowDefinition.Step, _ definition: WorkflowDefinition, key: Template?) {
        if let cache = step.cache {
            let prefix: String
            switch (cache.key, cache.scope) {
            // Another definition, of whatever version, is another cache.
            case (nil, _): prefix = "cache:\(SHA256.hexadecimal(definition.canonical)):\(step.id):"
            case (_, .workflow): prefix = "cache:\(definition.name):\(step.id):"
            case (_, .tenant): prefix = "cache::"
            }
            self.init(purpose: .cache, lifetime: cache.lifetime, key: key, prefix: prefix)
        } else if let idempotency = step.idempotency {
            self.init(purpose: .idempotency, lifetime: idempotency.lifetime, key: key, prefix: "key:")
        } else {
            return nil
        }
    }
}
