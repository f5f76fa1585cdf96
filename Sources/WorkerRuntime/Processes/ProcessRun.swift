private import CLinux
import Glibc

/// One process from start to end: output to the log, time limit, stop, and the end of everything it started.
///
/// `run` blocks its thread, which therefore belongs to a pool of threads that may block.
struct ProcessRun: Sendable {
    /// How it went.
    struct Result: Sendable {
        var end: ProcessEnd
        /// Why it was stopped; `nil` when it ended by itself.
        var stopped: ProcessStop.Reason?
        /// The last lines of its standard error, at most 2 KiB.
        var lastErrorLines: String
    }

    var command: ProcessCommand
    var deadline: ContinuousClock.Instant?
    var grace: Duration
    var stop: StopSignal
    var log: TaskLog
    /// Stands in the environment of the process and of what it starts.
    var mark: [UInt8]

    func run() throws(SystemError) -> Result {
        var output = try FileHandle.pipe()
        var error = try FileHandle.pipe()
        let wake = try FileHandle.pipe()
        try output.read.setNonblocking()
        try error.read.setNonblocking()
        let (outputEnd, errorEnd, wakeEnd) = (output.writeDescriptor, error.writeDescriptor, wake.writeDescriptor)
        let leader = try ProcessFamily.begin { () throws(SystemError) in
            try command.spawn(output: outputEnd, error: errorEnd)
        }
        // Only the child shall hold the writing ends, so that their end is seen.
        output.closeWriting()
        error.closeWriting()
        let ended = FileHandle(owning: clinux_pidfd_open(leader))

        let token = stop.observe { _ in
            var byte: UInt8 = 1
            _ = unsafe write(wakeEnd, &byte, 1)
        }
        defer { stop.stopObserving(token) }

        var loop = OutputLoop(log: log)
        var stopping = ProcessStop(deadline: deadline, grace: grace)
        while true {
            let reads = log.hasRoom
            let ready = Self.wait(
                for: [
                    ended.descriptor, wake.read.descriptor, reads && loop.outputOpen ? output.read.descriptor : -1,
                    reads && loop.errorOpen ? error.read.descriptor : -1,
                ], until: Self.earlier(stopping.nextDeadline, loop.nextDeadline(hasRoom: reads)))
            let now = ContinuousClock.now
            if ready[2] { loop.readOutput(output.read, now: now) }
            if ready[3] { loop.readError(error.read, now: now) }
            loop.tick(now: now)
            if ready[0] { break }
            if ready[1] {
                var ignored: [UInt8] = []
                _ = try? wake.read.read(into: &ignored, limit: 16)
                if let level = stop.level { signal(leader, stopping.requested(level, now: now)) }
            }
            signal(leader, stopping.tick(now: now))
        }
        let end = ProcessFamily.end(leader, mark: mark)
        // Nobody holds the writing ends any more, so reading comes to an end.
        while loop.outputOpen, loop.readOutput(output.read, now: .now) {}
        while loop.errorOpen, loop.readError(error.read, now: .now) {}
        loop.finish()
        return Result(end: end, stopped: stopping.reason, lastErrorLines: loop.tail.text)
    }

    private func signal(_ leader: Int32, _ order: ProcessStop.Order) {
        switch order {
        case .none: break
        case .terminate: ProcessFamily.signal(leader, SIGTERM)
        case .kill: ProcessFamily.signal(leader, SIGKILL)
        }
    }

    private static func earlier(
        _ left: ContinuousClock.Instant?, _ right: ContinuousClock.Instant?
    ) -> ContinuousClock.Instant? {
        guard let left, let right else { return left ?? right }
        return min(left, right)
    }

    /// Waits until a descriptor is ready or time is up; a negative descriptor is passed over.
    private static func wait(for descriptors: [Int32], until deadline: ContinuousClock.Instant?) -> [Bool] {
        var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var milliseconds: Int32 = -1
        if let deadline {
            let left = (deadline - .now).components
            // Rounded up, so that the deadline has passed when poll returns.
            milliseconds = Int32(
                max(0, min(60_000, left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1)))
        }
        guard unsafe poll(&polled, nfds_t(polled.count), milliseconds) > 0 else { return polled.map { _ in false } }
        return polled.map { $0.revents != 0 }
    }
}
