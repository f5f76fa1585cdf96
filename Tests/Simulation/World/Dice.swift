import Synchronization
import TestSupport

/// The one source of chance of a simulation: whatever it decides follows from the seed.
final class Dice: Sendable {
    private let random: Mutex<SeededRandom>

    init(seed: UInt64) { random = Mutex(SeededRandom(seed: seed)) }

    func next() -> UInt64 { random.withLock { $0.next() } }

    func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// In so many cases of a thousand.
    func chance(_ permille: Int) -> Bool { below(1000) < permille }

    func milliseconds(_ range: ClosedRange<Int>) -> Duration {
        .milliseconds(range.lowerBound + below(range.count))
    }

    func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[below(elements.count)]
    }
}
