internal import JSON

/// What stands in a step's input for a secret, until the input goes to the worker.
///
/// It has a part that nobody outside the node knows, so that no input of a run can pass for one.
public struct SecretMark: Sendable {
    /// The name under which expressions find secrets.
    static let root = "secrets"

    private let nonce: String

    /// - Parameter random: nobody's guess.
    public init(random: RunID.Bytes) { nonce = "\(String(random.high, radix: 36)).\(String(random.low, radix: 36))" }

    /// Whether a secret may be called so; `SecretName` of the vault says more.
    static func isName(_ name: String) -> Bool {
        (1...200).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
                    UInt8(ascii: "/"):
                    true
                default: false
                }
            }
    }

    static func text(of name: String, _ mark: SecretMark?) -> String {
        mark.map { "{{secret \($0.nonce) \(name)}}" } ?? "{{secret \(name)}}"
    }

    /// The input with secrets in the place of their marks.
    ///
    /// - Parameters:
    ///   - input: JSON text with marks of this node.
    ///   - values: by name; text in UTF-8 without NUL.
    public func fill(_ input: [UInt8], with values: [String: String]) -> [UInt8] {
        let texts = values.map { name, value in
            var writer = JSONWriter()
            writer.string(value)
            return (mark: Array(Self.text(of: name, self).utf8), text: writer.bytes.dropFirst().dropLast())
        }
        var filled: [UInt8] = []
        filled.reserveCapacity(input.count)
        var place = 0
        scan: while place < input.count {
            if input[place] == UInt8(ascii: "{") {
                for (mark, text) in texts where input[place...].starts(with: mark) {
                    filled += text
                    place += mark.count
                    continue scan
                }
            }
            filled.append(input[place])
            place += 1
        }
        return filled
    }
}
