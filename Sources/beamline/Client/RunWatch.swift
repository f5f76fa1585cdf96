import Glibc
import JSON
import Workflows

/// Follows a run to its end by asking again: quickly while it changes, seldom while it does not.
struct RunWatch {
    var client: APIClient
    var id: String
    var output: OutputFormat

    /// Shows the progress on the terminal (rewriting one line where it can) and answers the run's last state.
    func untilEnd() async throws -> String {
        let screen = ProgressLine(live: output == .table)
        var run = try await read()
        show(run, on: screen)
        var pause = Duration.milliseconds(40)
        while !RunView.isEnded(state(run)) {
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(400))
            let next = try await read()
            if next["revision"] != run["revision"] { pause = .milliseconds(40) }
            run = next
            show(run, on: screen)
        }
        finish(run, on: screen)
        return state(run)
    }

    private func read() async throws -> JSONValue {
        try await client.get("/v1/runs/\(percentEncoded(id))")
    }

    private func state(_ run: JSONValue) -> String { run["state"]?.stringValue ?? "" }

    private func show(_ run: JSONValue, on screen: ProgressLine) {
        guard output == .table else { return }
        let progress = RunView.progress(run, now: wallClockMicroseconds())
        screen.update("\(run["workflow"]?.stringValue ?? "") \(id)  \(progress.line)")
    }

    private func finish(_ run: JSONValue, on screen: ProgressLine) {
        guard output == .table else { return printJSON(run) }
        screen.end()
        print(RunView.conclusion(run))
    }
}

/// Microseconds since the epoch, for what is shown while a run goes on.
func wallClockMicroseconds() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
}
