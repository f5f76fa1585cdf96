import Glibc

/// Runs code that blocks on a thread of its own, so that no thread of the cooperative pool waits for a process.
enum BlockingThread {
    private final class Job {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    /// - Throws: when the system has no thread left.
    static func run<R: Sendable>(_ body: @escaping @Sendable () -> R) async throws(SystemError) -> R {
        let result: Result<R, SystemError> = await withCheckedContinuation { continuation in
            let job = unsafe Unmanaged.passRetained(Job { continuation.resume(returning: .success(body())) })
            var thread = pthread_t()
            let code = unsafe pthread_create(&thread, nil, start, job.toOpaque())
            if code == 0 {
                pthread_detach(thread)
            } else {
                unsafe job.release()
                continuation.resume(returning: .failure(SystemError(call: "start a thread", code: code)))
            }
        }
        return try result.get()
    }

    private static let start: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        if let argument = unsafe argument {
            unsafe Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().run()
        }
        return nil
    }
}
