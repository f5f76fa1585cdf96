import Access
import Engine
import Expressions
import Filters
import JSON
import Protobuf
import Schemas
import Workflows

/// What reads bytes from outside. A target crashes when its reader does, and when what was read and written again is
/// read as something else.
enum FuzzTarget: String, CaseIterable, Sendable {
    case json
    case definition
    case expression
    case template
    case schema
    case filter
    case token
    case duration
    case timestamp
    case worker
    case http1
    case http2
    case grpc

    func read(_ bytes: [UInt8]) {
        switch self {
        case .json: Self.readJSON(bytes)
        case .definition: Self.readDefinition(bytes)
        case .expression: Self.readExpression(bytes)
        case .template: Self.readTemplate(bytes)
        case .schema: Self.readSchema(bytes)
        case .filter: Self.readFilter(bytes)
        case .token: Self.readToken(bytes)
        case .duration: Self.readDuration(bytes)
        case .timestamp: Self.readTimestamp(bytes)
        case .worker: Self.readWorker(bytes)
        case .http1: FuzzServer.shared.exchange(bytes)
        case .http2: FuzzServer.shared.exchange(HTTP2Bytes.opening + bytes)
        case .grpc: FuzzServer.shared.exchange(HTTP2Bytes.call(body: bytes))
        }
    }

    private static func readJSON(_ bytes: [UInt8]) {
        guard let value = try? JSONValue(parsing: bytes) else { return }
        let text = value.bytes()
        guard let again = try? JSONValue(parsing: text) else {
            fatalError("what was written is no JSON: \(String(decoding: text, as: UTF8.self))")
        }
        precondition(again.bytes() == text, "JSON is not written the same again")
    }

    private static func readDefinition(_ bytes: [UInt8]) {
        guard let workflow = try? Workflow(parsing: bytes, file: "fuzz.yaml") else { return }
        let canonical = workflow.definition.canonical
        guard let again = try? Workflow(canonical: canonical) else {
            fatalError("the canonical form is refused: \(String(decoding: canonical, as: UTF8.self))")
        }
        precondition(again.definition.canonical == canonical, "the canonical form is not its own")
    }

    private struct NoScope: ExpressionScope {
        func resolve(_ reference: Reference) throws(ExpressionError) -> Resolved? { nil }
    }

    private static func readExpression(_ bytes: [UInt8]) {
        guard let expression = try? Expression(String(decoding: bytes, as: UTF8.self)) else { return }
        _ = try? expression.evaluate(in: NoScope())
    }

    private static func readTemplate(_ bytes: [UInt8]) {
        guard let value = try? JSONValue(parsing: bytes), let template = try? Template(value),
            let made = try? template.evaluate(in: NoScope())
        else { return }
        precondition((try? JSONValue(parsing: made)) != nil, "a template makes what is no JSON")
    }

    /// The first line is a schema, the rest an instance.
    private static func readSchema(_ bytes: [UInt8]) {
        let parts = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let document = try? ExactJSON(parsing: Array(parts[0])), let schema = try? Schema(document) else {
            return
        }
        guard parts.count > 1, let instance = try? ExactJSON(parsing: Array(parts[1])) else { return }
        guard let accepts = try? schema.accepts(instance), let violations = try? schema.violations(in: instance) else {
            return
        }
        precondition(accepts == violations.isEmpty, "a schema accepts what it finds fault with, or the reverse")
    }

    private static func readFilter(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let filter = try? Filter(parsing: text, keys: RunQuery.filterKeys) else { return }
        guard let again = try? Filter(parsing: filter.text, keys: RunQuery.filterKeys) else {
            fatalError("the filter's own text is refused: \(filter.text)")
        }
        precondition(again.text == filter.text, "the filter's text is not its own: \(filter.text), \(again.text)")
    }

    private static let verifier: TokenVerifier = {
        do {
            let key = try SigningKey.generate(id: "fuzz")
            return TokenVerifier(keys: try KeySet([key]), issuer: "beamline", audience: "beamline")
        } catch {
            fatalError("no key can be made: \(error)")
        }
    }()

    private static func readToken(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if (try? verifier.verify(text, now: 1_800_000_000)) != nil { fatalError("a token that nobody signed is taken") }
        _ = try? KeySet(json: bytes)
    }

    private static func readDuration(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let size = try? ByteSize(parsing: text) { _ = size }
        guard let duration = try? Duration(parsing: text) else { return }
        guard let again = try? Duration(parsing: duration.shortText) else {
            fatalError("a duration's own text is refused: \(duration.shortText)")
        }
        precondition(again == duration, "\(text) is written \(duration.shortText), which is something else")
    }

    private static func readTimestamp(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        _ = RunID(text)
        guard let time = Timestamp(rfc3339: text) else { return }
        precondition(Timestamp(rfc3339: time.rfc3339) == time, "\(text) is written \(time.rfc3339)")
    }

    private static func readWorker(_ bytes: [UInt8]) {
        guard let message = try? BeamlineV1.WorkerMessage(serialized: bytes) else { return }
        guard let text = try? message.serialized(), let again = try? BeamlineV1.WorkerMessage(serialized: text) else {
            fatalError("a worker's message cannot be written again")
        }
        precondition((try? again.serialized()) == text, "a worker's message is not written the same again")
    }
}
