import Testing
import Workflows

@Suite("Token bucket")
struct TokenBucketTests {
    /// When arrivals at these times start, one bucket for all.
    private func starts(_ bucket: TokenBucket, arrivals: [Int64]) -> [Int64] {
        var until: Int64 = 0
        return arrivals.map { now in
            let start = now + bucket.delays(backlog: until - now, count: 1)[0]
            until = max(until, now) + bucket.interval
            return start
        }
    }

    @Test("a burst starts at once, then one each interval")
    func burst() {
        let bucket = TokenBucket(interval: 10, burst: 3)
        #expect(bucket.delays(backlog: 0, count: 6) == [0, 0, 0, 10, 20, 30])
        #expect(bucket.delays(backlog: -500, count: 4) == [0, 0, 0, 10], "more than the burst is never saved up")
        #expect(bucket.delays(backlog: 60, count: 2) == [40, 50])
    }

    @Test(
        "in any stretch of time start at most its share and the burst",
        arguments: [(7, 1), (10, 4), (3, 20)] as [(Int64, Int32)])
    func bound(interval: Int64, burst: Int32) {
        let bucket = TokenBucket(interval: interval, burst: burst)
        // Arrivals in clumps and pauses.
        var arrivals: [Int64] = []
        for clump in 0..<40 { arrivals += Array(repeating: Int64(clump * 37), count: clump % 9) }
        let starts = starts(bucket, arrivals: arrivals).sorted()
        #expect(zip(arrivals, starts).allSatisfy { $0 <= $1 })
        for first in starts.indices {
            for last in first..<starts.count {
                let allowed = Int64(burst) + (starts[last] - starts[first]) / interval
                #expect(Int64(last - first + 1) <= allowed)
            }
        }
    }

    @Test("many that arrive at once are told the same as one after the other")
    func batches() {
        let bucket = TokenBucket(interval: 13, burst: 5)
        #expect(bucket.delays(backlog: 0, count: 30) == starts(bucket, arrivals: Array(repeating: 0, count: 30)))
    }

    @Test("nothing overflows")
    func extremes() {
        let bucket = TokenBucket(interval: .max / 2, burst: .max)
        #expect(bucket.delays(backlog: .max, count: 3).allSatisfy { $0 >= 0 })
        #expect(TokenBucket(interval: 0, burst: 0) == TokenBucket(interval: 1, burst: 1))
    }
}
