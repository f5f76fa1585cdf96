private import CJansson

extension JSONValue {
    /// Parses JSON text with libjansson. Keys that stand twice, U+0000, invalid UTF-8, integers beyond 64 bits and text
    /// beyond the limits are refused.
    public init(parsing bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) {
        guard bytes.count <= limits.size else {
            throw JSONError(
                .tooLarge, line: 1, column: 1,
                message: "the text has \(bytes.count) bytes; at most \(limits.size) are taken")
        }
        // Before libjansson sees it: it has a recursion limit of its own, which is no parameter and has no position.
        try JSONScanner.checkDepth(bytes.span, limits: limits)
        // libjansson takes a NUL after a whole value for the end; the scanner says where it stands.
        if bytes.contains(0) { try JSONScanner.check(bytes.span, limits: limits) }
        _ = seeded
        var failure = json_error_t()
        let root = unsafe bytes.withUnsafeBytes { buffer in
            unsafe json_loadb(
                buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count,
                Int(JSON_REJECT_DUPLICATES | JSON_DECODE_ANY), &failure)
        }
        guard let root = unsafe root else { throw JSONError(failure) }
        defer { unsafe json_decref(root) }
        self = unsafe Self.tree(root)
    }

    public init(parsing text: String, limits: JSONLimits = .standard) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }

    private static func tree(_ node: UnsafeMutablePointer<json_t>) -> JSONValue {
        switch unsafe node.pointee.type {
        case JSON_OBJECT:
            var object = JSONObject()
            var iterator = unsafe json_object_iter(node)
            while let position = unsafe iterator {
                if let key = unsafe json_object_iter_key(position), let value = unsafe json_object_iter_value(position)
                {
                    unsafe object.append(text(key, json_object_iter_key_len(position)), tree(value))
                }
                unsafe iterator = json_object_iter_next(node, position)
            }
            return .object(object)
        case JSON_ARRAY:
            let count = unsafe json_array_size(node)
            var elements: [JSONValue] = []
            elements.reserveCapacity(count)
            for index in 0..<count {
                if let element = unsafe json_array_get(node, index) { unsafe elements.append(tree(element)) }
            }
            return .array(elements)
        case JSON_STRING:
            guard let characters = unsafe json_string_value(node) else { return .string("") }
            return unsafe .string(text(characters, json_string_length(node)))
        case JSON_INTEGER: return unsafe .int(json_integer_value(node))
        case JSON_REAL: return unsafe .double(json_real_value(node))
        case JSON_TRUE: return .bool(true)
        case JSON_FALSE: return .bool(false)
        default: return .null
        }
    }

    private static func text(_ characters: UnsafePointer<CChar>, _ count: Int) -> String {
        unsafe String(
            decoding: UnsafeRawBufferPointer(start: characters, count: count), as: UTF8.self)
    }
}

/// Hash tables of libjansson are keyed by a random seed; the first parse sets it, so that no thread races for it.
private let seeded: Void = json_object_seed(0)

extension JSONError {
    fileprivate init(_ failure: json_error_t) {
        var failure = failure
        let code = unsafe json_error_code(&failure)
        let message = unsafe withUnsafeBytes(of: &failure.text) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        let reason: Reason =
            switch code {
            case json_error_out_of_memory: .outOfMemory
            case json_error_stack_overflow: .tooDeep
            case json_error_invalid_utf8: .invalidUTF8
            case json_error_premature_end_of_input: .endedEarly
            case json_error_null_character, json_error_null_byte_in_key: .nullCharacter
            case json_error_duplicate_key: .duplicateKey
            case json_error_numeric_overflow: .numberOutOfRange
            default: .invalidSyntax
            }
        self.init(
            reason, line: max(1, Int(failure.line)), column: max(1, Int(failure.column)), message: message)
    }
}
