/// An ordered list of field lines (RFC 9110 §5): lower-case names, values as bytes.
///
/// All names and values lie behind one another in one buffer, so a list costs two allocations however long it is, and
/// reaches the wire without a string in between. A value may hold any octet that RFC 9110 allows; as `String` it is
/// read as UTF-8 with repair.
public struct HTTPFields: Sendable {
    struct Line: Sendable {
        var start: UInt32
        var nameLength: UInt32
        var valueLength: UInt32
    }

    private(set) var storage: [UInt8] = []
    private(set) var lines: [Line] = []

    /// An empty list.
    public init() {}

    /// Number of field lines.
    public var count: Int { lines.count }

    /// Whether there is no line.
    public var isEmpty: Bool { lines.isEmpty }

    /// Size as RFC 9113 §6.5.2 counts it: octets of names and values, and 32 for each line.
    public var listSize: Int { storage.count + 32 * lines.count }

    /// The first value of `name`. Setting replaces every line of that name; `nil` removes them.
    public subscript(name: String) -> String? {
        get { firstIndex(of: name).map { value(at: $0) } }
        set {
            remove(name)
            if let newValue { append(name, newValue) }
        }
    }

    /// Whether a line of that name exists.
    public func contains(_ name: String) -> Bool { firstIndex(of: name) != nil }

    /// All values of `name`, in order.
    public func values(of name: String) -> [String] {
        lines.indices.filter { matches($0, name) }.map { value(at: $0) }
    }

    /// The first value of `name` as it stood on the wire.
    public func bytes(of name: String) -> ArraySlice<UInt8>? {
        firstIndex(of: name).map { valueBytes(at: $0) }
    }

    /// Adds a line. The name becomes lower-case; CR, LF and NUL in the value become spaces, so that no caller can
    /// split a message (RFC 9110 §5.5).
    public mutating func append(_ name: String, _ value: String) {
        var name = name
        var value = value
        name.withUTF8 { name in
            value.withUTF8 { value in unsafe append(name: name, value: value, sanitise: true) }
        }
    }

    /// Adds a line whose value is bytes; the same rules as for strings.
    public mutating func append(_ name: String, bytes: some Sequence<UInt8>) {
        var name = name
        let value = Array(bytes)
        name.withUTF8 { name in
            unsafe value.withUnsafeBufferPointer { value in
                unsafe append(name: name, value: value, sanitise: true)
            }
        }
    }

    /// Adds all lines of another list.
    public mutating func append(contentsOf other: HTTPFields) {
        let base = UInt32(storage.count)
        storage.append(contentsOf: other.storage)
        for line in other.lines {
            lines.append(
                Line(start: line.start + base, nameLength: line.nameLength, valueLength: line.valueLength))
        }
    }

    /// Removes every line of that name.
    public mutating func remove(_ name: String) {
        guard firstIndex(of: name) != nil else { return }
        var rest = HTTPFields()
        for index in lines.indices where !matches(index, name) {
            rest.copyLine(index, from: self)
        }
        self = rest
    }

    /// Makes room for lines that are about to come, so that they cost one copy and not one each.
    public mutating func makeRoom(lines count: Int, bytes: Int) {
        reserve(lines: lines.count + count, bytes: storage.count + bytes)
    }

    mutating func reserve(lines count: Int, bytes: Int) {
        lines.reserveCapacity(count)
        storage.reserveCapacity(bytes)
    }

    /// Adds a line from borrowed bytes. `sanitise` is off for what a parser has already checked.
    mutating func append(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>, sanitise: Bool) {
        let start = storage.count
        unsafe storage.append(contentsOf: name)
        unsafe storage.append(contentsOf: value)
        if sanitise {
            for index in start..<storage.count {
                let byte = storage[index]
                if index < start + name.count {
                    if byte >= 0x41, byte <= 0x5A { storage[index] = byte | 0x20 }
                } else if byte == 0x0D || byte == 0x0A || byte == 0 {
                    storage[index] = 0x20
                }
            }
        }
        lines.append(
            Line(start: UInt32(start), nameLength: UInt32(name.count), valueLength: UInt32(value.count)))
    }

    private mutating func copyLine(_ index: Int, from other: HTTPFields) {
        let line = other.lines[index]
        let start = UInt32(storage.count)
        let end = Int(line.start) + Int(line.nameLength) + Int(line.valueLength)
        storage.append(contentsOf: other.storage[Int(line.start)..<end])
        lines.append(Line(start: start, nameLength: line.nameLength, valueLength: line.valueLength))
    }

    func name(at index: Int) -> String {
        let line = lines[index]
        let start = Int(line.start)
        return String(decoding: storage[start..<start + Int(line.nameLength)], as: UTF8.self)
    }

    func value(at index: Int) -> String { String(decoding: valueBytes(at: index), as: UTF8.self) }

    func valueBytes(at index: Int) -> ArraySlice<UInt8> {
        let line = lines[index]
        let start = Int(line.start) + Int(line.nameLength)
        return storage[start..<start + Int(line.valueLength)]
    }

    private func firstIndex(of name: String) -> Int? { lines.indices.first { matches($0, name) } }

    private func matches(_ index: Int, _ name: String) -> Bool {
        let line = lines[index]
        let wanted = name.utf8
        guard Int(line.nameLength) == wanted.count else { return false }
        var position = Int(line.start)
        for byte in wanted {
            let lower = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            guard storage[position] == lower else { return false }
            position += 1
        }
        return true
    }
}

extension HTTPFields: Sequence {
    /// One line.
    public typealias Element = (name: String, value: String)

    /// Walks the lines in order.
    public struct Iterator: IteratorProtocol {
        let fields: HTTPFields
        var index = 0

        /// The next line.
        public mutating func next() -> Element? {
            guard index < fields.count else { return nil }
            defer { index += 1 }
            return (fields.name(at: index), fields.value(at: index))
        }
    }

    /// An iterator at the first line.
    public func makeIterator() -> Iterator { Iterator(fields: self) }
}

extension HTTPFields: ExpressibleByDictionaryLiteral {
    /// A list in the order written; a name may stand twice.
    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { append(name, value) }
    }
}

extension HTTPFields: Equatable {
    /// Equal when the same lines stand in the same order.
    public static func == (left: HTTPFields, right: HTTPFields) -> Bool {
        left.count == right.count
            && left.lines.indices.allSatisfy {
                left.name(at: $0) == right.name(at: $0) && left.valueBytes(at: $0) == right.valueBytes(at: $0)
            }
    }
}

extension HTTPFields: CustomStringConvertible {
    /// One line each, for logs of a test; do not log fields of real traffic.
    public var description: String { map { "\($0.name): \($0.value)" }.joined(separator: "\n") }
}
