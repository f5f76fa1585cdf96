import Testing
import Workflows

@Suite("Retry policies")
struct RetryPolicyTests {
    /// The random bits in the middle: no jitter.
    private let middle: UInt64 = 1 << 63

    private func waits(_ policy: RetryPolicy) -> [Duration?] {
        (1...6).map { policy.delay(failures: $0, random: middle) }
    }

    @Test("exponential doubles up to the limit, then ends")
    func exponential() {
        let policy = RetryPolicy(strategy: .exponential, maxAttempts: 6, delay: .seconds(1), maxDelay: .seconds(10))
        #expect(waits(policy) == [.seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(10), nil])
    }

    @Test("linear and fixed")
    func others() {
        let linear = RetryPolicy(strategy: .linear, maxAttempts: 4, delay: .seconds(3), maxDelay: .seconds(7))
        #expect(waits(linear) == [.seconds(3), .seconds(6), .seconds(7), nil, nil, nil])
        let fixed = RetryPolicy(strategy: .fixed, maxAttempts: 3, delay: .milliseconds(5), maxDelay: .seconds(7))
        #expect(waits(fixed) == [.milliseconds(5), .milliseconds(5), nil, nil, nil, nil])
    }

    @Test("jitter stays within its part, and both ends are reached")
    func jitter() {
        let policy = RetryPolicy(strategy: .fixed, maxAttempts: 2, delay: .seconds(10), jitter: 0.2)
        #expect(policy.delay(failures: 1, random: 0) == .seconds(8))
        #expect((policy.delay(failures: 1, random: .max) ?? .zero) > .microseconds(11_999_990))
        for _ in 0..<200 {
            let wait = policy.delay(failures: 1, random: .random(in: 0 ... .max)) ?? .zero
            #expect(wait >= .seconds(8) && wait <= .seconds(12))
        }
    }

    @Test("a great many failures and great delays do not overflow")
    func overflow() {
        let policy = RetryPolicy(
            strategy: .exponential, maxAttempts: .max, delay: .seconds(86_400 * 365 * 100), maxDelay: .seconds(100))
        #expect(policy.delay(failures: 63, random: middle) == .seconds(100))
        #expect(policy.delay(failures: 2_000_000, random: middle) == .seconds(100))
        #expect(RetryPolicy.never.delay(failures: 1, random: middle) == nil)
    }
}
