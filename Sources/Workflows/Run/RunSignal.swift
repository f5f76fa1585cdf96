/// A message to a run. It is kept until a step waits for its name.
public struct RunSignal: Hashable, Sendable {
    public var name: String
    /// A signal with an id that the run knows already is the same signal.
    public var id: String
    /// JSON text.
    public var payload: [UInt8]

    /// Signals of a run that no step has waited for yet, at most.
    public static let mostKept = 10_000

    public init(name: String, id: String, payload: [UInt8]) {
        self.name = name
        self.id = id
        self.payload = payload
    }
}
