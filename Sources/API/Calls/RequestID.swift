import Synchronization

/// Names of requests, by which people find them in logs: the caller's own, if it is sane, else a new one.
final class RequestIDs: Sendable {
    private static let digits = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)
    private let prefix: [UInt8]
    private let count = Atomic<UInt64>(0)

    /// - Parameter random: tells processes apart.
    init(random: UInt64) { prefix = Array("\(String(random >> 34, radix: 36))-".utf8) }

    func id(for given: String?) -> String {
        if let given, (1...128).contains(given.utf8.count), given.utf8.allSatisfy(Self.isPlain) { return given }
        var number = count.wrappingAdd(1, ordering: .relaxed).newValue
        // A short text needs no memory of its own: 7 octets of prefix leave room for 2.8 · 10¹² requests.
        return unsafe String(unsafeUninitializedCapacity: prefix.count + 13) { text in
            var end = text.count
            repeat {
                end -= 1
                unsafe text[end] = Self.digits[Int(number % 36)]
                number /= 36
            } while number > 0
            let length = text.count - end
            for (index, byte) in prefix.enumerated() { unsafe text[index] = byte }
            for index in 0..<length { unsafe text[prefix.count + index] = text[end + index] }
            return prefix.count + length
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
