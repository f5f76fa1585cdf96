import HTTP
import JSON
import NIOCore

/// Answers with JSON.
extension HTTPResponse {
    static func json(
        _ status: Int = 200, fields: HTTPFields = [:], _ write: (inout JSONWriter) -> Void
    ) -> HTTPResponse {
        var writer = JSONWriter(largeIntegers: .string, reserving: 512)
        write(&writer)
        var fields = fields
        fields["content-type"] = "application/json"
        if !fields.contains("cache-control") { fields["cache-control"] = "no-store" }
        return HTTPResponse(status: status, fields: fields, body: .bytes(ByteBuffer(bytes: writer.bytes)))
    }

    /// A page of a list: `{NAME: […], next_cursor?}`.
    static func page<Element>(
        _ name: StaticString, _ elements: [Element], next: String?, _ write: (inout JSONWriter, Element) -> Void
    ) -> HTTPResponse {
        .json { writer in
            writer.object { members in
                members.member(name) { $0.array(elements, write) }
                members.string("next_cursor", next)
            }
        }
    }
}

extension Query {
    /// `page_size`, 50 unless it is given.
    var pageSize: Int {
        get throws(Problem) { try integer("page_size", in: 1...500) ?? 50 }
    }
}
