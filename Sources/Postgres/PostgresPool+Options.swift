extension PostgresPool {
    /// How many connections a pool keeps and how long it waits for them.
    public struct Options: Sendable {
        /// Connections kept open while nobody needs them.
        public var minimum: Int
        /// Connections open at most.
        public var maximum: Int
        /// How long a connection above the minimum may be unused.
        public var idleLimit: Duration
        /// How long a caller waits for a connection unless it says otherwise.
        public var waitLimit: Duration
        /// The first pause after a failed connection attempt; doubled at each further one.
        public var backoff: Duration
        public var maximumBackoff: Duration

        public init(
            minimum: Int = 1, maximum: Int = 8, idleLimit: Duration = .seconds(60), waitLimit: Duration = .seconds(30),
            backoff: Duration = .milliseconds(50), maximumBackoff: Duration = .seconds(2)
        ) {
            precondition(minimum >= 0 && maximum >= 1 && minimum <= maximum, "a pool needs room for a connection")
            self.minimum = minimum
            self.maximum = maximum
            self.idleLimit = idleLimit
            self.waitLimit = waitLimit
            self.backoff = backoff
            self.maximumBackoff = maximumBackoff
        }
    }

    /// How a pool is used at one moment.
    public struct Statistics: Sendable, Equatable {
        public var idle = 0
        public var leased = 0
        /// Connections being made, or waiting to be made after a failure.
        public var connecting = 0
        public var waiting = 0
        /// Failed connection attempts since the last success.
        public var failures = 0

        public init() {}
    }
}
