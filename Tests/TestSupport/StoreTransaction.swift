public import Engine
public import Workflows

/// One transaction of the store in memory, as its observer sees it: in the order of effects, under the store's lock.
public struct StoreTransaction: Sendable {
    public enum Call: Sendable {
        case commit(CommitBatch, CommitOutcome)
        case claim(ClaimRequest, [LeasedTask])
        case release([AttemptFence], released: [AttemptFence])
        case openSession(SessionRecord, held: [HeldAttempt], SessionSettlement)
        case renewSessions(alive: Set<SessionID>, lease: Duration)
        case closeSession(SessionID)
        case rescue([RescuedAttempt])
        case fireTimers(FiredTimers)
        case postInbox([InboxMessage])
        /// Slots were handed out, by whoever looked.
        case admit
        case changeQueue(QueueRecord)
        case setRanks([RankedToken])
    }

    /// A step's place among the tokens.
    public struct Token: Hashable, Sendable {
        public var key: RunKey
        public var step: Int32

        public init(key: RunKey, step: Int32) {
            self.key = key
            self.step = step
        }
    }

    /// Where a token has come to, other than by the rows of a commit, a lease or the end of one.
    public enum Place: Sendable, Equatable {
        case ready
        case timer(due: Timestamp)
        /// In the line of a limit.
        case held
        /// Of a run that may start.
        case admitted
        case parked
    }

    public struct Move: Sendable {
        public var token: Token
        public var place: Place
    }

    public var call: Call
    /// On the store's clock.
    public var at: Timestamp
    /// Tokens that went back to `ready`, or came there from `timers`.
    public var returned: [Token]
    /// In their order.
    public var moved: [Move]
    /// The slots of targets, as their breakers set them.
    public var targets: [LimitID: Int32]
    /// The event rows that it wrote.
    public var events: ArraySlice<EventRow>
}
