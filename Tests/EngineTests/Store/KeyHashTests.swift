import Testing
import Workflows

@testable import Engine

@Suite("Hashes of keys")
struct KeyHashTests {
    private static let base = RunKey(
        tenant: TenantID(7), run: RunID(RunID.Bytes(high: 0x0193_9D2C_7A00_7123, low: 0x8ABC_DEF0_1234_5678)))

    /// The fullest of 256 places by the lowest bits, which dictionaries use.
    private static func fullest(_ hashes: [Int]) -> Int {
        var places = [Int](repeating: 0, count: 256)
        for hash in hashes { places[hash & 255] += 1 }
        return places.max() ?? 0
    }

    @Test("Keys that differ in few bits are spread over a dictionary's places")
    func spread() {
        let runs = (0..<4096).map { number in
            var key = Self.base
            key.run.bytes.low ^= UInt64(number) << 20
            return key._rawHashValue(seed: 3)
        }
        let tenants = (0..<4096).map { RunKey(tenant: TenantID($0), run: Self.base.run)._rawHashValue(seed: 3) }
        let steps = (0..<4096).map { HeldAttempt(key: Self.base, step: $0, attempt: 1)._rawHashValue(seed: 3) }
        let attempts = (0..<4096).map { HeldAttempt(key: Self.base, step: 0, attempt: $0)._rawHashValue(seed: 3) }
        let buckets = (0..<4096).map {
            Bucket(tenant: TenantID(1), queue: QueueID($0 / 64), route: RouteID($0 % 64))._rawHashValue(seed: 3)
        }
        for hashes in [runs, tenants, steps, attempts, buckets] {
            #expect(Set(hashes).count == 4096)
            // Sixteen in the mean.
            #expect(Self.fullest(hashes) < 64)
        }
    }

    @Test("Every part of a key counts, and equal keys are found")
    func parts() {
        var other = Self.base
        other.run.bytes.high ^= 1
        #expect(Self.base._rawHashValue(seed: 3) != other._rawHashValue(seed: 3))
        let first = HeldAttempt(key: Self.base, step: 1, attempt: 2)
        let second = HeldAttempt(key: Self.base, step: 2, attempt: 1)
        #expect(first._rawHashValue(seed: 3) != second._rawHashValue(seed: 3))
        let table = [first: 1, second: 2]
        #expect(table[HeldAttempt(key: Self.base, step: 1, attempt: 2)] == 1)
        #expect(table[HeldAttempt(key: other, step: 1, attempt: 2)] == nil)
    }
}
