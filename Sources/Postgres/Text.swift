extension String: PostgresArrayElement, PostgresArrayDecodable {
    @inlinable public static var postgresType: PostgresType { .text }
    @inlinable public static var postgresArrayType: PostgresType { .textArray }
    public static func accepts(_ type: PostgresType) -> Bool {
        switch type {
        case .text, .varchar, .bpchar, .name, .json, .unknown: true
        default: false
        }
    }

    @inlinable
    public func encode(into buffer: inout PostgresBuffer) {
        buffer.append(self)
    }

    public init(postgres bytes: RawSpan, type: PostgresType) throws(PostgresError) {
        self = unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
