extension Evaluator {
    func bool(_ call: Call) throws(ExpressionError) -> Value {
        switch call.first {
        case .bool: return call.first
        case .string(let text):
            switch text {
            case "true", "True", "TRUE", "t", "T", "1": return .bool(true)
            case "false", "False", "FALSE", "f", "F", "0": return .bool(false)
            default: throw call.failure("\(call.first.shown) is no boolean")
            }
        default: throw call.noOverload
        }
    }

    /// Doubles are cut towards zero; timestamps become seconds since 1970.
    func int(_ call: Call) throws(ExpressionError) -> Value {
        switch call.first {
        case .int: return call.first
        case .uint(let number):
            guard let result = Int64(exactly: number) else { throw overflow(call) }
            return .int(result)
        case .double(let number):
            // The definition leaves the bounds themselves out, as doubles near them are not exact.
            guard number > -0x1p63, number < 0x1p63 else { throw overflow(call) }
            return .int(Int64(number))
        case .string(let text):
            guard let result = Int64(text) else { throw call.failure("\(call.first.shown) is no integer of 64 bits") }
            return .int(result)
        case .timestamp(let time): return .int(time.seconds)
        default: throw call.noOverload
        }
    }

    func uint(_ call: Call) throws(ExpressionError) -> Value {
        switch call.first {
        case .uint: return call.first
        case .int(let number):
            guard let result = UInt64(exactly: number) else { throw overflow(call) }
            return .uint(result)
        case .double(let number):
            guard number >= 0, number < 0x1p64 else { throw overflow(call) }
            return .uint(UInt64(number))
        case .string(let text):
            guard text.utf8.first != UInt8(ascii: "+"), text.utf8.first != UInt8(ascii: "-"),
                let result = UInt64(text)
            else { throw call.failure("\(call.first.shown) is no unsigned integer of 64 bits") }
            return .uint(result)
        default: throw call.noOverload
        }
    }

    private func overflow(_ call: Call) -> ExpressionError {
        call.place.error(.overflow, "\(call.name): \(call.first.shown) is out of range")
    }

    func double(_ call: Call) throws(ExpressionError) -> Value {
        switch call.first {
        case .double: return call.first
        case .int(let number): return .double(Double(number))
        case .uint(let number): return .double(Double(number))
        case .string(let text):
            guard let result = Double(text), result.isFinite || !text.utf8.contains(where: { (48...57).contains($0) })
            else { throw call.failure("\(call.first.shown) is no number") }
            return .double(result)
        default: throw call.noOverload
        }
    }

    mutating func string(_ call: Call) throws(ExpressionError) -> Value {
        switch call.first {
        case .string: return call.first
        case .bool(let truth): return .string(truth ? "true" : "false")
        case .int(let number): return .string(String(number))
        case .uint(let number): return .string(String(number))
        case .double(let number): return .string(NumberText.text(number))
        case .bytes(let bytes):
            try budget.spend(bytes: bytes.count, at: call.place)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw call.failure("invalid UTF-8 in bytes")
            }
            return .string(text)
        case .timestamp(let time): return .string(TimestampText.text(time))
        case .duration(let duration): return .string(DurationText.text(duration))
        case .type(let type): return .string(type.rawValue)
        case .null, .list, .map, .optional: throw call.noOverload
        }
    }

    mutating func bytes(_ call: Call) throws(ExpressionError) -> Value {
        switch call.first {
        case .bytes: return call.first
        case .string(let text):
            try budget.spend(bytes: text.utf8.count, at: call.place)
            return .bytes(Array(text.utf8))
        default: throw call.noOverload
        }
    }

    func timestamp(_ call: Call) throws(ExpressionError) -> Value {
        switch call.first {
        case .timestamp: return call.first
        case .int(let seconds): return try timestamp(Timestamp(seconds: seconds), at: call.place)
        case .string(let text):
            guard let time = TimestampText.parse(text) else {
                throw call.failure(
                    "\(call.first.shown) is no timestamp of RFC 3339 from year 0001 to 9999, "
                        + "as in \"2025-01-31T12:00:00Z\"")
            }
            return .timestamp(time)
        default: throw call.noOverload
        }
    }

    func duration(_ call: Call) throws(ExpressionError) -> Value {
        switch call.first {
        case .duration: return call.first
        case .string(let text):
            guard let duration = DurationText.parse(text) else {
                throw call.failure("\(call.first.shown) is no duration of at most 292 years, as in \"1h30m\"")
            }
            return .duration(duration)
        default: throw call.noOverload
        }
    }
}
