/// The files of a `google.protobuf.FileDescriptorSet` by name and by the symbols that they declare.
///
/// It reads just enough of descriptor.proto's wire format: names, nesting, services and imports.
struct DescriptorIndex: Sendable {
    private struct File {
        var bytes: [UInt8]
        var imports: [String]
    }

    private var files: [String: File] = [:]
    private var symbols: [String: String] = [:]

    init(descriptorSet: [UInt8]) {
        for file in Self.fields(descriptorSet[...], numbers: [1]) {
            add(file.bytes)
        }
    }

    /// The file and all that it imports, each once, the file first.
    func files(named name: String) -> [[UInt8]]? {
        guard files[name] != nil else { return nil }
        var wanted = [name]
        var next = 0
        while next < wanted.count {
            for other in files[wanted[next]]?.imports ?? [] where !wanted.contains(other) { wanted.append(other) }
            next += 1
        }
        return wanted.compactMap { files[$0]?.bytes }
    }

    /// The file that declares a service, method, message, field, enumeration or value, with what it imports.
    func files(declaring symbol: String) -> [[UInt8]]? {
        symbols[symbol].flatMap(files(named:))
    }

    // FileDescriptorProto: 1 name, 2 package, 3 dependency, 4 message_type, 5 enum_type, 6 service.
    private mutating func add(_ bytes: ArraySlice<UInt8>) {
        let fields = Self.fields(bytes, numbers: [1, 2, 3, 4, 5, 6])
        let name = Self.text(fields, 1)
        let package = Self.text(fields, 2)
        let scope = package.isEmpty ? "" : package + "."
        files[name] = File(
            bytes: Array(bytes),
            imports: fields.filter { $0.number == 3 }.map { String(decoding: $0.bytes, as: UTF8.self) }
        )
        for field in fields {
            switch field.number {
            case 4: addMessage(field.bytes, scope, file: name)
            // EnumDescriptorProto: 1 name, 2 value; ServiceDescriptorProto: 1 name, 2 method.
            case 5, 6: addMembers(field.bytes, scope, file: name)
            case _: break
            }
        }
    }

    // DescriptorProto: 1 name, 2 field, 3 nested_type, 4 enum_type.
    private mutating func addMessage(_ bytes: ArraySlice<UInt8>, _ scope: String, file: String) {
        let fields = Self.fields(bytes, numbers: [1, 2, 3, 4])
        let name = scope + Self.text(fields, 1)
        symbols[name] = file
        for field in fields {
            switch field.number {
            case 2: symbols[name + "." + Self.text(Self.fields(field.bytes, numbers: [1]), 1)] = file
            case 3: addMessage(field.bytes, name + ".", file: file)
            case 4: addMembers(field.bytes, name + ".", file: file)
            case _: break
            }
        }
    }

    private mutating func addMembers(_ bytes: ArraySlice<UInt8>, _ scope: String, file: String) {
        let fields = Self.fields(bytes, numbers: [1, 2])
        let name = scope + Self.text(fields, 1)
        symbols[name] = file
        for field in fields where field.number == 2 {
            symbols[name + "." + Self.text(Self.fields(field.bytes, numbers: [1]), 1)] = file
        }
    }

    private static func text(_ fields: [(number: UInt64, bytes: ArraySlice<UInt8>)], _ number: UInt64) -> String {
        String(decoding: fields.last { $0.number == number }?.bytes ?? [], as: UTF8.self)
    }

    /// The length-delimited fields with one of the numbers. The set is protoc's own, so it is well-formed.
    private static func fields(
        _ bytes: ArraySlice<UInt8>, numbers: Set<UInt64>
    ) -> [(number: UInt64, bytes: ArraySlice<UInt8>)] {
        var rest = bytes
        var result: [(number: UInt64, bytes: ArraySlice<UInt8>)] = []
        func varint() -> UInt64 {
            var value: UInt64 = 0
            var shift: UInt64 = 0
            while let byte = rest.popFirst() {
                value |= UInt64(byte & 0x7f) << shift
                if byte < 0x80 { break }
                shift += 7
            }
            return value
        }
        while !rest.isEmpty {
            let key = varint()
            switch key & 7 {
            case 0: _ = varint()
            case 1: rest = rest.dropFirst(8)
            case 2:
                let count = Int(varint())
                if numbers.contains(key >> 3) { result.append((key >> 3, rest.prefix(count))) }
                rest = rest.dropFirst(count)
            case _: rest = rest.dropFirst(4)
            }
        }
        return result
    }
}
