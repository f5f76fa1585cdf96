/// Why something about a secret was not done. The message never has a value in it.
public struct SecretError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Reason: Sendable, Equatable {
        /// The node has no master key.
        case noMasterKey
        /// Sealed under a key that is not here, or changed since.
        case unreadable
        /// Comes from a file or the environment, where only its operator changes it.
        case readOnly
        /// A name or value that is not taken, or a key file that cannot be read.
        case invalid
    }

    public let reason: Reason
    public let description: String

    public init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }

    static let cipher = Self(.unreadable, "the cipher failed")
}
