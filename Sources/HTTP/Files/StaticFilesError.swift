/// A folder or file that cannot be read.
public struct StaticFilesError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Which one.
    public var path: String
    /// The system's words.
    public var reason: String

    /// Path and reason.
    public var description: String { "\(path): \(reason)" }
}
