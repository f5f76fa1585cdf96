/// Since when the store answers without a failure in between.
struct StoreHealth: Sendable {
    private var answeringSince: Duration?

    mutating func answered(now: Duration) { if answeringSince == nil { answeringSince = now } }

    mutating func failed() { answeringSince = nil }

    func hasAnswered(for period: Duration, now: Duration) -> Bool {
        guard let answeringSince else { return false }
        return now - answeringSince >= period
    }
}
