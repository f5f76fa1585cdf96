/// The text of a browser's cookie: random, so it says nothing. The database has only its digest.
public struct SessionText: Sendable {
    static let marker = "bls_"
    private static let length = marker.utf8.count + 40

    public let text: String

    /// A new one, of 200 random bits.
    public init(using generator: inout some RandomNumberGenerator) {
        text = Self.marker + RandomText.make(40, using: &generator)
    }

    /// What a browser sent, if it has a session's form.
    public init?(_ text: String) {
        guard text.utf8.count == Self.length, text.utf8.starts(with: Self.marker.utf8),
            RandomText.isRandomText(text.utf8.dropFirst(Self.marker.utf8.count))
        else { return nil }
        self.text = text
    }

    public var digest: Digest { Digest(of: text) }

    /// By which lists and the audit name it: nothing of the text follows from it.
    public var id: String { "ses_" + Base64URL.encode(Digest(of: "beamline session id \(text)").bytes.prefix(12)) }

    /// What the session's own pages send with every change, in `x-csrf-token`: another site cannot read it.
    public var csrfToken: String { Base64URL.encode(Digest(of: "beamline csrf \(text)").bytes) }

    /// Whether a text is the token, in a time that does not depend on where it differs.
    public func accepts(csrfToken sent: String) -> Bool {
        let (own, sent) = (Array(csrfToken.utf8), Array(sent.utf8))
        guard own.count == sent.count else { return false }
        return zip(own, sent).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
