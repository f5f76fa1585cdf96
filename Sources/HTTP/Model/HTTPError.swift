import NIOCore

/// An error that the caller may see; the server renders it as `application/problem+json` (RFC 9457).
public struct HTTPError: Error, Sendable, CustomStringConvertible {
    /// Status code, 400 to 599.
    public var status: Int
    /// A stable word for programs: `payload_too_large`.
    public var code: String
    /// A sentence for people.
    public var message: String
    /// Further fields of the response, `retry-after` for one.
    public var fields: HTTPFields

    /// An error with a status, a code and a sentence.
    public init(status: Int, code: String, message: String, fields: HTTPFields = [:]) {
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields
    }

    /// Status, code and message.
    public var description: String { "\(status) \(code): \(message)" }

    /// 413: more content than `limit` octets.
    public static func payloadTooLarge(limit: Int) -> HTTPError {
        HTTPError(status: 413, code: "payload_too_large", message: "The content is larger than \(limit) octets.")
    }

    /// 408: content came too slowly.
    static let requestTimeout = HTTPError(
        status: 408, code: "request_timeout", message: "The content did not arrive in time; send it again.")

    /// 400 with a code and a sentence.
    public static func badRequest(_ code: String, _ message: String) -> HTTPError {
        HTTPError(status: 400, code: code, message: message)
    }

    /// 404.
    public static func notFound(_ message: String = "There is nothing at this address.") -> HTTPError {
        HTTPError(status: 404, code: "not_found", message: message)
    }

    /// 405 with its `allow` field.
    public static func methodNotAllowed(_ allowed: [String]) -> HTTPError {
        HTTPError(
            status: 405, code: "method_not_allowed", message: "Allowed here: \(allowed.joined(separator: ", ")).",
            fields: ["allow": allowed.joined(separator: ", ")])
    }

    /// The response that says so. `requestID` stands in it as `request_id`, so that a person can name it.
    public func response(requestID: String? = nil) -> HTTPResponse {
        var fields = self.fields
        fields["content-type"] = "application/problem+json"
        fields["cache-control"] = "no-store"
        var text = #"{"type":"about:blank","title":\#(jsonString(HTTPStatus.reason(status))),"status":\#(status)"#
        text += #","code":\#(jsonString(code)),"detail":\#(jsonString(message))"#
        if let requestID { text += #","request_id":\#(jsonString(requestID))"# }
        text += "}"
        return HTTPResponse(status: status, fields: fields, body: .bytes(ByteBuffer(string: text)))
    }
}

/// The text as a JSON string (RFC 8259 §7).
private func jsonString(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        case _ where scalar.value < 0x20:
            result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
