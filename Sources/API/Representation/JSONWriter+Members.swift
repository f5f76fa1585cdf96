import JSON
import Workflows

/// Objects written member by member, straight into the answer's bytes.
extension JSONWriter {
    /// An object whose members `body` writes by `member`.
    mutating func object(_ body: (inout Members) -> Void) {
        raw("{")
        var members = Members(writer: self)
        body(&members)
        self = members.writer
        raw("}")
    }

    /// An array with one element for each of these.
    mutating func array<Element>(_ elements: some Sequence<Element>, _ body: (inout JSONWriter, Element) -> Void) {
        raw("[")
        var isFirst = true
        for element in elements {
            if !isFirst { raw(",") }
            isFirst = false
            body(&self, element)
        }
        raw("]")
    }

    /// JSON text that a user wrote, with integers that JavaScript cannot hold as strings.
    mutating func payload(_ text: [UInt8]) {
        guard text.hasLongNumber, let value = try? JSONValue(parsing: text) else { return raw(text) }
        raw(value.bytes(largeIntegers: .string))
    }

    /// The members of an object; one that is `nil` is left out.
    struct Members {
        fileprivate(set) var writer: JSONWriter
        private var isFirst = true

        fileprivate init(writer: JSONWriter) { self.writer = writer }

        mutating func member(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
            writer.raw(isFirst ? "\"" : ",\"")
            isFirst = false
            writer.raw(name)
            writer.raw("\":")
            body(&writer)
        }

        mutating func string(_ name: StaticString, _ value: String?) {
            guard let value else { return }
            member(name) { $0.string(value) }
        }

        mutating func integer(_ name: StaticString, _ value: some BinaryInteger) {
            member(name) { $0.integer(Int64(value)) }
        }

        mutating func bool(_ name: StaticString, _ value: Bool) {
            member(name) { $0.bool(value) }
        }

        mutating func time(_ name: StaticString, _ value: Timestamp?) {
            guard let value else { return }
            member(name) { $0.string(value.rfc3339) }
        }

        mutating func payload(_ name: StaticString, _ value: [UInt8]?) {
            guard let value else { return }
            member(name) { $0.payload(value) }
        }

        mutating func strings(_ name: StaticString, _ values: [String]) {
            member(name) { $0.array(values) { $0.string($1) } }
        }
    }
}

extension [UInt8] {
    /// Sixteen digits in a row: possibly beyond 2^53.
    fileprivate var hasLongNumber: Bool {
        var run = 0
        for byte in self {
            run = UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte ? run + 1 : 0
            if run >= 16 { return true }
        }
        return false
    }
}
