import NIOCore
import Synchronization

/// Runs tasks on an event loop, and is the place where connections flush once a tick.
///
/// A task that prefers it never leaves the loop's thread. Jobs that arrive from other threads are collected, and one
/// wake-up of the loop runs them all: a commit that answers hundreds of callers costs one.
///
/// `@unchecked`: `local`, `unflushed` and `draining` are touched on the loop's thread only.
final class LoopExecutor: TaskExecutor, @unchecked Sendable {
    /// Something that has output to send at the end of the tick.
    protocol Flushable: AnyObject {
        func flushNow()
    }

    private struct Remote {
        var jobs: [UnownedJob] = []
        var scheduled = false
    }

    let eventLoop: any EventLoop
    private let remote = Mutex(Remote())
    private var local: [UnownedJob] = []
    private var unflushed: [any Flushable] = []
    private var scheduled = false

    private var scratch: ByteBuffer?

    private static let executors = Mutex<[ObjectIdentifier: LoopExecutor]>([:])

    /// The one executor of a loop. It is kept with its loop for the life of the process.
    static func of(_ eventLoop: any EventLoop) -> LoopExecutor {
        executors.withLock { executors in
            if let known = executors[ObjectIdentifier(eventLoop)] { return known }
            let made = LoopExecutor(eventLoop)
            executors[ObjectIdentifier(eventLoop)] = made
            return made
        }
    }

    private init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if eventLoop.inEventLoop {
            local.append(job)
            schedule()
        } else {
            let first = remote.withLock { remote in
                remote.jobs.append(job)
                defer { remote.scheduled = true }
                return !remote.scheduled
            }
            if first { eventLoop.execute { self.drain() } }
        }
    }

    /// Asks for `flushNow` at the end of this tick. Only on the loop.
    func flushLater(_ connection: any Flushable) {
        unflushed.append(connection)
        schedule()
    }

    /// An empty buffer for output: one a loop, not one a connection. Give it back after the write.
    func takeScratch() -> ByteBuffer {
        var buffer = scratch ?? ByteBufferAllocator().buffer(capacity: 64 << 10)
        scratch = nil
        // Reuses the storage unless a channel still holds it.
        buffer.clear()
        return buffer
    }

    func putScratch(_ buffer: ByteBuffer) { scratch = buffer }

    private func schedule() {
        guard !scheduled else { return }
        scheduled = true
        eventLoop.execute { self.drain() }
    }

    private func drain() {
        // `scheduled` stays true meanwhile: what jobs enqueue is run by this loop, up to a bound that lets I/O in.
        scheduled = true
        for _ in 0..<8 {
            let fromOthers = remote.withLock { remote in
                defer { remote = Remote() }
                return remote.jobs
            }
            let jobs = local + fromOthers
            local.removeAll(keepingCapacity: true)
            if jobs.isEmpty { break }
            for job in jobs {
                unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            }
        }
        while !unflushed.isEmpty {
            let connections = unflushed
            unflushed.removeAll(keepingCapacity: true)
            for connection in connections { connection.flushNow() }
        }
        guard !local.isEmpty else {
            scheduled = false
            return
        }
        // NIO runs tasks until there are none before it looks at sockets: a job that always comes again (a spinning
        // handler) would starve them. A short delay lets I/O in between.
        eventLoop.scheduleTask(in: .microseconds(200)) { self.drain() }
    }
}
