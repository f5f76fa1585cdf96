/// `[3/6] PostgreSQL        .beamline/postgres, fsync on         2 s`
struct Stages {
    private static let total = 6
    private let clock = ContinuousClock()

    /// Shows a stage before it begins, and what came of it, with the time that it took.
    func run<Answer>(
        _ number: Int, _ name: String, _ body: () async throws -> (note: String, answer: Answer)
    ) async throws -> Answer {
        let head = "[\(number)/\(Self.total)] \(name)"
        print(head + String(repeating: " ", count: max(1, 28 - head.count)), terminator: "")
        flushStandardOutput()
        let begin = clock.now
        do {
            let (note, answer) = try await body()
            let took = Self.text(clock.now - begin)
            let gap = String(repeating: " ", count: max(2, 56 - note.count - took.count))
            print("\(note)\(gap)\(took)")
            return answer
        } catch {
            print("failed")
            throw error
        }
    }

    static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        if seconds >= 60 { return "\(seconds / 60) m \(seconds % 60) s" }
        let tenths = seconds * 10 + attoseconds / 100_000_000_000_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
