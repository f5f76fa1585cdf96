/// A program to start.
struct ProcessCommand: Sendable {
    /// The program and its arguments. A name without a slash is looked up in the `PATH` of `environment`.
    var arguments: [String]
    /// All of its environment.
    var environment: [String: String]
    var workingDirectory: String
    /// A file that standard input is read from.
    var input = "/dev/null"
}
