import Workflows

/// Hashes of the keys that are looked up many times a step.
///
/// The standard library's hash (SipHash) takes longer for a key of twenty bytes than the rest of the look-up. The keys are
/// random ids and small numbers, so one multiplication spreads them; with a secret of the process nobody who chooses ids can
/// make them collide.
enum KeyHash {
    /// Random in each process, unless hashing was made deterministic (`SWIFT_DETERMINISTIC_HASHING`).
    private static let secrets = (secret(1), secret(2))

    private static func secret(_ number: Int) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(number)
        return UInt64(truncatingIfNeeded: hasher.finalize())
    }

    static func value(_ first: UInt64, _ second: UInt64, seed: Int) -> Int {
        let product = (first ^ secrets.0).multipliedFullWidth(
            by: second ^ secrets.1 ^ UInt64(truncatingIfNeeded: seed))
        // Dictionaries look at the lowest bits. Where a factor has few bits, those of the product are few too, so all of its bits
        // are brought there: an odd constant (2^64 over the golden ratio) moves them up, the shift brings them down.
        let mixed = (product.high ^ product.low) &* 0x9e37_79b9_7f4a_7c15
        return Int(truncatingIfNeeded: mixed ^ (mixed >> 32))
    }
}

// The underscored requirement of `Hashable` is what dictionaries ask; `hash(into:)` stays as it is made.

extension RunKey {
    public func _rawHashValue(seed: Int) -> Int {
        KeyHash.value(run.bytes.low, run.bytes.high ^ UInt64(UInt32(bitPattern: tenant.value)) << 16, seed: seed)
    }
}

extension HeldAttempt {
    public func _rawHashValue(seed: Int) -> Int {
        let place = UInt64(UInt32(bitPattern: step)) << 32 | UInt64(UInt32(bitPattern: attempt))
        return KeyHash.value(key.run.bytes.low ^ place, key.run.bytes.high, seed: seed)
    }
}

extension SessionID {
    public func _rawHashValue(seed: Int) -> Int { KeyHash.value(value.low, value.high, seed: seed) }
}

extension Bucket {
    public func _rawHashValue(seed: Int) -> Int {
        let (queue, route) = (UInt32(bitPattern: queue.value), UInt32(bitPattern: route.value))
        return KeyHash.value(
            UInt64(queue) << 32 | UInt64(route), UInt64(UInt32(bitPattern: tenant.value)), seed: seed)
    }
}
