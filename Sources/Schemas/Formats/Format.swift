/// The formats that the validation specification defines (draft 2020-12, section 7.3).
enum Format: String, Hashable, Sendable, CaseIterable {
    case dateTime = "date-time"
    case date, time, duration, email
    case idnEmail = "idn-email"
    case hostname
    case idnHostname = "idn-hostname"
    case ipv4, ipv6, uri
    case uriReference = "uri-reference"
    case iri
    case iriReference = "iri-reference"
    case uuid
    case uriTemplate = "uri-template"
    case jsonPointer = "json-pointer"
    case relativeJSONPointer = "relative-json-pointer"
    case regex

    func accepts(_ text: String) -> Bool {
        switch self {
        case .dateTime: DateTimeFormat.isDateTime(text)
        case .date: DateTimeFormat.isDate(text)
        case .time: DateTimeFormat.isTime(text)
        case .duration: DurationFormat.accepts(text)
        case .email: EmailFormat.accepts(text, isInternational: false)
        case .idnEmail: EmailFormat.accepts(text, isInternational: true)
        case .hostname: HostnameFormat.accepts(text)
        case .idnHostname: HostnameFormat.acceptsInternational(text)
        case .ipv4: AddressFormat.isIPv4(text)
        case .ipv6: AddressFormat.isIPv6(text)
        case .uri: URIFormat(isInternational: false).accepts(text, isReference: false)
        case .uriReference: URIFormat(isInternational: false).accepts(text, isReference: true)
        case .iri: URIFormat(isInternational: true).accepts(text, isReference: false)
        case .iriReference: URIFormat(isInternational: true).accepts(text, isReference: true)
        case .uuid: IdentifierFormat.isUUID(text)
        case .uriTemplate: URITemplateFormat.accepts(text)
        case .jsonPointer: JSONPointer.tokens(text) != nil
        case .relativeJSONPointer: IdentifierFormat.isRelativeJSONPointer(text)
        case .regex: ECMAPattern.isValid(text)
        }
    }

    /// What a message says a text must be.
    var explanation: String {
        switch self {
        case .dateTime: "a date and time with offset (RFC 3339), such as 2026-03-01T09:30:00Z"
        case .date: "a date (RFC 3339), such as 2026-03-01"
        case .time: "a time with offset (RFC 3339), such as 09:30:00Z"
        case .duration: "a duration (ISO 8601), such as P1DT12H"
        case .email: "an email address (RFC 5321)"
        case .idnEmail: "an email address (RFC 6531)"
        case .hostname: "a host name (RFC 1123)"
        case .idnHostname: "an internationalised host name (RFC 5890)"
        case .ipv4: "an IPv4 address, such as 192.0.2.1"
        case .ipv6: "an IPv6 address (RFC 4291), such as 2001:db8::1"
        case .uri: "a URI with its scheme (RFC 3986)"
        case .uriReference: "a URI or relative reference (RFC 3986)"
        case .iri: "an IRI with its scheme (RFC 3987)"
        case .iriReference: "an IRI or relative reference (RFC 3987)"
        case .uuid: "a UUID (RFC 4122), such as 2eb8aa08-aa98-11ea-b4aa-73b441d16380"
        case .uriTemplate: "a URI template (RFC 6570)"
        case .jsonPointer: "a JSON pointer (RFC 6901): empty, or starting with /"
        case .relativeJSONPointer: "a relative JSON pointer, such as 1/name"
        case .regex: "a regular expression (ECMA-262)"
        }
    }
}
