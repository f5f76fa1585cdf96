import Access
import Logging

/// Takes a changed `keys.jwks` without a restart, so that signing keys can be rotated under way.
struct KeyReload: Sendable {
    private static let period = Duration.seconds(1)

    let folder: String
    let ring: KeyRing
    let logger: Logger
    /// Told when the keys are others: what is remembered under an old one is to be forgotten, its streams to end.
    let changed: @Sendable () -> Void

    /// Looks until the task is cancelled. A file that cannot be read or used changes nothing, and is said once.
    func run() async throws {
        var known = try? NodeKeys.verifyingKeys(folder)
        var complained: String?
        while true {
            try await Task.sleep(for: Self.period)
            do {
                let bytes = try NodeKeys.verifyingKeys(folder)
                guard bytes != known else { continue }
                try take(bytes)
                (known, complained) = (bytes, nil)
            } catch {
                let message = "\(error)"
                if complained != message {
                    logger.warning("the keys are as before: keys.jwks cannot be taken", metadata: ["error": "\(error)"])
                }
                complained = message
            }
        }
    }

    func take(_ bytes: [UInt8]) throws {
        let keys = try KeySet(json: bytes)
        ring.replace(keys)
        changed()
        logger.notice("keys.jwks was taken", metadata: ["keys": "\(keys.ids.joined(separator: " "))"])
    }
}
