/// One worker's stream, as the engine sees it. No method suspends or throws: what cannot be delivered is lost, and the
/// protocol makes up for it (an unanswered assignment is revoked, an unacknowledged outcome is sent again).
public protocol TaskSink: Sendable {
    /// Hands out an attempt; `false` when the stream takes nothing now: the attempt returns to its queue, and the session
    /// gets no other until `WorkerSession.hasRoom`.
    func offer(_ assignment: Assignment) -> Bool
    /// The outcome that the worker sent has been judged, and (when recorded) is durable.
    func acknowledge(_ task: TaskName, _ answer: FinishAnswer)
    /// Stop this attempt: its outcome no longer counts.
    func cancel(_ task: TaskName, reason: String)
    /// Forget this attempt: it was not started in time.
    func revoke(_ task: TaskName)
    /// Say which attempts are held.
    func requestInventory()
    /// Close the stream and connect again with a new session: this one's lease is over.
    func reconnect(reason: String)
}
