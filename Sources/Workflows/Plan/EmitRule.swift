public import Expressions

/// `uses: emit`.
public struct EmitRule: Sendable {
    /// Text.
    public var name: Template
    public var payload: Template?
    /// Text: the id of a run that gets the event as a signal.
    public var run: Template?

    public init(name: Template, payload: Template? = nil, run: Template? = nil) {
        self.name = name
        self.payload = payload
        self.run = run
    }
}
