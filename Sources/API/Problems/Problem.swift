import HTTP
import JSON
import NIOCore

/// An answer that is an error: `application/problem+json` over REST (RFC 9457), a status with details over gRPC.
struct Problem: Error, Sendable {
    var status: Int
    /// Stable, for programs.
    var code: String
    /// What was wrong, where, and the remedy.
    var detail: String
    /// Further fields of the response: `retry-after`, `allow`, `www-authenticate`.
    var fields: HTTPFields
    /// Of a definition: a JSON array, and the same for a terminal.
    var diagnostics: (json: [UInt8], rendered: String)?

    init(_ status: Int, _ code: String, _ detail: String, fields: HTTPFields = [:]) {
        self.status = status
        self.code = code
        self.detail = detail
        self.fields = fields
    }

    func response(requestID: String) -> HTTPResponse {
        var fields = fields
        fields["content-type"] = "application/problem+json"
        fields["cache-control"] = "no-store"
        var json = JSONWriter(reserving: 256 + detail.utf8.count)
        json.raw(#"{"type":"about:blank","title":"#)
        json.string(HTTPStatus.reason(status))
        json.raw(#","status":"#)
        json.integer(Int64(status))
        json.raw(#","code":"#)
        json.string(code)
        json.raw(#","detail":"#)
        json.string(detail)
        json.raw(#","request_id":"#)
        json.string(requestID)
        if let diagnostics {
            json.raw(#","diagnostics":"#)
            json.raw(diagnostics.json)
            json.raw(#","rendered":"#)
            json.string(diagnostics.rendered)
        }
        json.raw("}")
        return HTTPResponse(status: status, fields: fields, body: .bytes(ByteBuffer(bytes: json.bytes)))
    }
}
