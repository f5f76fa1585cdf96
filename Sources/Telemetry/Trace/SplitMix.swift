import Synchronization

/// Random numbers for names and for spreading load, not for secrets: SplitMix64 (Steele, Lea, Flood, "Fast Splittable
/// Pseudorandom Number Generators", OOPSLA 2014), seeded by the system.
///
/// One atomic addition a number, from any thread; the system's own generator costs a call into the kernel for each.
public final class SplitMix: Sendable {
    private let state: Atomic<UInt64>

    /// - Parameter seed: The same seed gives the same numbers.
    public init(seed: UInt64 = .random(in: 0 ... .max)) { state = Atomic(seed) }

    /// Uniform over all of `UInt64`; no number comes twice before all have come.
    public func next() -> UInt64 {
        var mixed = state.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// The same numbers for what takes a generator.
    public struct Generator: RandomNumberGenerator, Sendable {
        let source: SplitMix

        public func next() -> UInt64 { source.next() }
    }

    public var generator: Generator { Generator(source: self) }
}
