/// Since when the store answers without a failure in between.
struct StoreHealth: Sendable {
    private var answeringSince: Duration?

    /// Whether it had not answered before.
    mutating func answered(now: Duration) -> Bool {
        guard answeringSince == nil else { return false }
        answeringSince = now
        return true
    }

    /// Whether it had answered before.
    mutating func failed() -> Bool {
        defer { answeringSince = nil }
        return answeringSince != nil
    }

    func hasAnswered(for period: Duration, now: Duration) -> Bool {
        guard let answeringSince else { return false }
        return now - answeringSince >= period
    }
}
