private import CPostgres
private import DequeModule
private import Glibc
private import Synchronization

/// One thread that runs the jobs of one connection's actor, so that libpq may block there.
///
/// While it has no job it sleeps on an eventfd and, if a connection asked for it, on the connection's socket: an idle
/// connection that dies, or a notification, is noticed at once and costs nothing while nothing happens.
final class PostgresThread: SerialExecutor, Sendable {
    /// A socket to watch while idle.
    struct Watch: Sendable {
        var descriptor: Int32
        var onReadable: @Sendable () -> Void
    }

    private struct State: ~Copyable {
        var jobs: Deque<UnownedJob> = []
        var watch: Watch?
        var isSleeping = false
        var isStopping = false
    }

    private enum Step {
        case run(UnownedJob)
        case sleep(Watch?)
        case stop
    }

    private let state = Mutex(State())
    private let identity = Atomic<UInt>(0)
    /// Readable when somebody wants this thread's attention.
    let wakeDescriptor: Int32

    private init() {
        wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    }

    deinit {
        if wakeDescriptor >= 0 { close(wakeDescriptor) }
    }

    /// Starts a thread. It ends after `stop()`, when its last job is done.
    static func start() throws(PostgresError) -> PostgresThread {
        let thread = PostgresThread()
        guard thread.wakeDescriptor >= 0 else {
            throw PostgresError(.connectFailed, reason: "no file descriptor is free")
        }
        let argument = unsafe Unmanaged.passRetained(thread).toOpaque()
        var handle = pthread_t()
        let code = unsafe pthread_create(&handle, nil, Self.body, argument)
        guard code == 0 else {
            unsafe Unmanaged<PostgresThread>.fromOpaque(argument).release()
            throw PostgresError(.connectFailed, reason: "no thread can be started (error \(code))")
        }
        pthread_detach(handle)
        return thread
    }

    private static let body: @Sendable @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
        guard let argument = unsafe $0 else { return nil }
        let thread = unsafe Unmanaged<PostgresThread>.fromOpaque(argument).takeRetainedValue()
        thread.loop()
        return nil
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustWake = state.withLock { state in
            state.jobs.append(job)
            return state.isSleeping
        }
        if mustWake { wake() }
    }

    func isIsolatingCurrentContext() -> Bool? {
        identity.load(ordering: .relaxed) == UInt(pthread_self())
    }

    func checkIsolated() {
        precondition(isIsolatingCurrentContext() == true, "not on the connection's thread")
    }

    /// Makes the thread look up, whether it sleeps or waits for the server.
    func wake() {
        eventfd_write(wakeDescriptor, 1)
    }

    /// Takes back the wake-ups received so far.
    func drainWake() {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(wakeDescriptor, &count)
    }

    func watch(_ watch: Watch?) {
        state.withLock { $0.watch = watch }
    }

    /// Ends the thread once its jobs are done. Nobody may enqueue after this.
    func stop() {
        state.withLock {
            $0.isStopping = true
            $0.watch = nil
        }
        wake()
    }

    private func loop() {
        identity.store(UInt(pthread_self()), ordering: .relaxed)
        while true {
            let step: Step = state.withLock { state in
                if let job = state.jobs.popFirst() { return .run(job) }
                if state.isStopping { return .stop }
                state.isSleeping = true
                return .sleep(state.watch)
            }
            switch step {
            case .run(let job): unsafe job.runSynchronously(on: asUnownedSerialExecutor())
            case .sleep(let watch): sleep(watch)
            case .stop: return
            }
        }
    }

    private func sleep(_ watch: Watch?) {
        var descriptors = [pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0)]
        if let watch { descriptors.append(pollfd(fd: watch.descriptor, events: Int16(POLLIN), revents: 0)) }
        _ = unsafe poll(&descriptors, nfds_t(descriptors.count), -1)
        state.withLock { $0.isSleeping = false }
        if descriptors[0].revents != 0 { drainWake() }
        if let watch, descriptors[1].revents != 0 { watch.onReadable() }
    }
}
