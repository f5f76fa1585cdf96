import Foundation
import HTTP
import JSON
import Yams

/// openapi.yaml, and answers checked against it.
struct OpenAPIDocument: Sendable {
    struct Mismatch: Error, CustomStringConvertible {
        var description: String
    }

    struct Operation: Sendable {
        var method: String
        var path: String
        var id: String
        var parameters: Set<String>
        var isOpen: Bool
        var responses: JSONValue
    }

    let root: JSONValue
    let operations: [Operation]

    static let shared: OpenAPIDocument = {
        let file = URL(filePath: #filePath).appending(path: "../../../../openapi.yaml").standardized
        guard let text = try? String(contentsOf: file, encoding: .utf8), let root = try? Yams.compose(yaml: text) else {
            preconditionFailure("\(file.path) cannot be read")
        }
        return OpenAPIDocument(root: JSONValue(root))
    }()

    private init(root: JSONValue) {
        self.root = root
        var operations: [Operation] = []
        for (path, item) in root["paths"]?.objectValue ?? [:] {
            for (method, operation) in item.objectValue ?? [:] where method != "parameters" {
                let parameters = (operation["parameters"]?.arrayValue ?? []).map { Self.resolve($0, in: root) }
                operations.append(
                    Operation(
                        method: method.uppercased(), path: path, id: operation["operationId"]?.stringValue ?? "",
                        parameters: Set(
                            parameters.filter { $0["in"]?.stringValue == "query" }.compactMap {
                                $0["name"]?.stringValue
                            }),
                        isOpen: operation["security"]?.arrayValue?.isEmpty == true,
                        responses: operation["responses"] ?? .null))
            }
        }
        self.operations = operations
    }

    static func resolve(_ value: JSONValue, in root: JSONValue) -> JSONValue {
        guard let reference = value["$ref"]?.stringValue else { return value }
        return reference.split(separator: "/").dropFirst().reduce(root) { $0[String($1)] ?? .null }
    }

    /// Whether the answer's status, type and body are what the document promises of the operation.
    func check(_ method: String, _ path: String, _ answer: APIFixture.Answer) throws {
        let plain = String(path.prefix { $0 != "?" })
        guard let operation = operation(method, plain) else {
            guard [404, 405, 400].contains(answer.status) else {
                throw Mismatch(description: "\(method) \(path) is not in openapi.yaml, and answers \(answer.status)")
            }
            return
        }
        guard let listed = operation.responses["\(answer.status)"] else {
            throw Mismatch(description: "\(operation.id) answers \(answer.status), undocumented: \(answer.text)")
        }
        guard let content = Self.resolve(listed, in: root)["content"]?.objectValue else {
            guard answer.text.isEmpty else { throw Mismatch(description: "\(operation.id) answers with a body") }
            return
        }
        let type = String((answer.fields["content-type"] ?? "").prefix { $0 != ";" })
        guard let media = content[type] else {
            throw Mismatch(description: "\(operation.id) \(answer.status) answers \(type), not \(content.keys)")
        }
        guard let json = answer.json, let schema = media["schema"] else { return }
        try check(json, schema, at: "\(operation.id) \(answer.status)")
    }

    private func operation(_ method: String, _ path: String) -> Operation? {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        return operations.filter { operation in
            let pattern = operation.path.split(separator: "/", omittingEmptySubsequences: false)
            return operation.method == method && pattern.count == segments.count
                && zip(pattern, segments).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
        }
        .min { $0.path.filter { $0 == "{" }.count < $1.path.filter { $0 == "{" }.count }
    }

    /// The part of JSON Schema that the document uses.
    func check(_ value: JSONValue, _ schema: JSONValue, at place: String) throws {
        let schema = Self.resolve(schema, in: root)
        if let type = schema["type"]?.stringValue {
            let fits = value.typeName == type || type == "number" && value.typeName == "integer"
            guard fits else { throw Mismatch(description: "\(place) is of type \(value.typeName), not \(type)") }
        }
        if let values = schema["enum"]?.arrayValue, !values.contains(value) {
            throw Mismatch(description: "\(place) is \(value), which is none of \(values)")
        }
        if schema["format"]?.stringValue == "date-time" {
            guard let text = value.stringValue,
                text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil
            else { throw Mismatch(description: "\(place) is no time with microseconds: \(value)") }
        }
        if let items = schema["items"] {
            for (index, element) in (value.arrayValue ?? []).enumerated() {
                try check(element, items, at: "\(place)[\(index)]")
            }
        }
        guard case .object(let object) = value else { return }
        for name in schema["required"]?.arrayValue ?? [] where object[name.stringValue ?? ""] == nil {
            throw Mismatch(description: "\(place) lacks \(name)")
        }
        for (name, member) in object {
            if let known = schema["properties"]?[name] {
                try check(member, known, at: "\(place).\(name)")
            } else if schema["additionalProperties"] == .bool(false) {
                throw Mismatch(description: "\(place) has \(name), which is not in the schema")
            } else if let others = schema["additionalProperties"], case .object = others {
                try check(member, others, at: "\(place).\(name)")
            }
        }
    }
}

extension JSONValue {
    /// A YAML node; plain scalars by the core schema.
    fileprivate init(_ node: Node) {
        switch node {
        case .mapping(let mapping):
            self = .object(mapping.map { ($0.key.string ?? "", JSONValue($0.value)) })
        case .sequence(let sequence): self = .array(sequence.map { JSONValue($0) })
        case .scalar(let scalar):
            if scalar.style != .plain {
                self = .string(scalar.string)
            } else if let bool = node.bool {
                self = .bool(bool)
            } else if let int = node.int {
                self = .int(Int64(int))
            } else {
                self = .string(scalar.string)
            }
        case .alias: self = .null
        }
    }
}
