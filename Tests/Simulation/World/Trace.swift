import Synchronization
import TestSupport

/// Every visible effect of a simulation, each with its moment and its turn, and a digest of them all.
final class Trace: Sendable {
    private struct State {
        var lines: [String] = []
        /// FNV-1a, 64 bits.
        var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    }

    private let state = Mutex(State())
    private let time: SimulatedTime
    private let executor: TurnExecutor

    init(time: SimulatedTime, executor: TurnExecutor) {
        self.time = time
        self.executor = executor
    }

    func note(_ text: String) {
        let line = "\(time.now.components.seconds).\(time.now.microsecondText) #\(executor.turns) \(text)"
        state.withLock { state in
            for byte in line.utf8 { state.digest = (state.digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
            state.lines.append(line)
        }
    }

    var digest: UInt64 { state.withLock { $0.digest } }
    var count: Int { state.withLock { $0.lines.count } }

    func last(_ count: Int) -> [String] { state.withLock { Array($0.lines.suffix(count)) } }
}

extension Duration {
    fileprivate var microsecondText: String {
        let digits = String(components.attoseconds / 1_000_000_000_000)
        return String(repeating: "0", count: 6 - digits.count) + digits
    }
}
