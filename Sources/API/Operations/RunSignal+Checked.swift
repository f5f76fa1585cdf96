import JSON
import Workflows

extension RunSignal {
    /// A signal as somebody sends it.
    ///
    /// - Parameters:
    ///   - key: A run takes a signal of one key once.
    ///   - payload: JSON text; empty is null.
    init(name: String, key: String, payload: [UInt8]) throws(Problem) {
        guard (1...200).contains(name.utf8.count), !name.utf8.contains(0) else {
            throw Problem(400, "invalid_parameter", "A signal's name has 1 to 200 bytes.")
        }
        guard (1...200).contains(key.utf8.count), !key.utf8.contains(0) else {
            throw Problem(400, "invalid_idempotency_key", "The idempotency key must have 1 to 200 bytes.")
        }
        guard payload.count <= RunOperations.inputLimit else {
            throw Problem(413, "payload_too_large", "The payload is larger than \(RunOperations.inputLimit) bytes.")
        }
        do {
            let text = payload.isEmpty ? JSONText.null : try JSONText(validating: payload)
            self.init(name: name, id: key, payload: text.bytes)
        } catch { throw Problem(400, "malformed_json", "The payload is not acceptable JSON: \(error).") }
    }
}
