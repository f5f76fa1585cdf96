public import Secrets

/// Where the keys of the audit log's chain come from, and where its heads go.
public struct AuditKeySource: Sendable {
    /// File of the keys; every node needs the same, and nobody who administers the database.
    public var keyFile: String?
    /// The keys themselves, from the environment; the file goes before.
    public var keyText: String?
    /// Makes the file when it is missing: for a node that is alone on its database.
    public var makesKey = false
    /// File that signed heads are appended to, as lines of JSON; best on a medium that only grows.
    public var headsFile: String?
    /// Between two heads.
    public var headInterval = Duration.seconds(60)
    /// Whole months of records that are kept behind the present one; `nil` keeps all.
    public var keptMonths: Int?

    public init() {}

    /// `nil` when none are configured: then records are written, and not sealed.
    public func keys() throws -> NamedKeys? {
        try NamedKeys.open(file: keyFile, text: keyText, makes: makesKey ? "a1" : nil, noun: "audit key")
    }
}

extension NamedKeys {
    /// The keys of a file, or else of a text; `nil` when neither is named.
    ///
    /// - Parameter makes: the name of the key of a file that is made when it is missing.
    static func open(file: String?, text: String?, makes name: String?, noun: String) throws -> NamedKeys? {
        guard let file else { return try text.map { try NamedKeys(text: $0, noun: noun) } }
        if let name, try DurableFile.read(file) == nil {
            var generator = SystemRandomNumberGenerator()
            let line = line(name: name, using: &generator) + "\n"
            try DurableFile.write(Array(line.utf8), to: file, mode: 0o600)
        }
        guard let bytes = try DurableFile.read(file) else {
            throw DurableFile.Failure(
                "\(file) is missing: it holds the \(noun)s; make one with: beamline secret master-key")
        }
        return try NamedKeys(text: String(decoding: bytes, as: UTF8.self), noun: noun)
    }
}
