/// A suspended task that one event resumes exactly once; resumed outside the lock that guards it.
@safe struct Waiter: Sendable {
    private let continuation: UnsafeContinuation<Void, any Error>
    private var error: (any Error)?

    /// Suspends the current task until the waiter that `register` received is resumed.
    static func suspend(_ register: (Waiter) -> Void) async throws {
        try await unsafe withUnsafeThrowingContinuation { continuation in
            unsafe register(Waiter(continuation: continuation))
        }
    }

    private init(continuation: UnsafeContinuation<Void, any Error>) {
        unsafe self.continuation = continuation
    }

    /// The same waiter with the error that it shall throw.
    func failing(_ error: any Error) -> Waiter {
        var result = self
        result.error = error
        return result
    }

    /// Resumes the task.
    func resume() {
        if let error {
            unsafe continuation.resume(throwing: error)
        } else {
            unsafe continuation.resume()
        }
    }
}
