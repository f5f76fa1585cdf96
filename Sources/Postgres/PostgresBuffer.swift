/// Bytes of parameters in PostgreSQL's binary format, written one after another and reused from batch to batch.
///
/// Copy-on-write: a copy that is still referenced elsewhere is left alone, so a buffer may travel to a connection's
/// thread and be refilled by its owner after the answer without a new allocation.
@safe
public struct PostgresBuffer: Sendable {
    // Sendable because a storage that is shared is never written: `reserve` makes it unique first.
    @usableFromInline
    @safe
    final class Storage: @unchecked Sendable {
        @usableFromInline let base: UnsafeMutableRawPointer
        @usableFromInline let capacity: Int

        @usableFromInline
        init(capacity: Int) {
            unsafe base = .allocate(byteCount: capacity, alignment: 16)
            self.capacity = capacity
        }

        deinit { unsafe base.deallocate() }
    }

    @usableFromInline var storage: Storage
    /// Bytes written so far.
    public internal(set) var count: Int {
        @inlinable get { length }
        set { length = newValue }
    }
    @usableFromInline var length = 0

    public init(capacity: Int = 256) {
        storage = Storage(capacity: max(capacity, 64))
    }

    /// Forgets the content and keeps the memory, unless a copy still uses it.
    public mutating func removeAll() {
        if !isKnownUniquelyReferenced(&storage) { storage = Storage(capacity: storage.capacity) }
        length = 0
    }

    /// Makes room for `extra` more bytes in memory that nobody else reads.
    @inlinable
    mutating func reserve(_ extra: Int) {
        if length + extra > storage.capacity || !isKnownUniquelyReferenced(&storage) { grow(extra) }
    }

    @usableFromInline
    mutating func grow(_ extra: Int) {
        let next = Storage(capacity: max(length + extra, storage.capacity * 2))
        unsafe next.base.copyMemory(from: storage.base, byteCount: length)
        storage = next
    }

    /// Appends an integer in network order.
    @inlinable
    public mutating func append<T: FixedWidthInteger & BitwiseCopyable>(_ integer: T) {
        reserve(MemoryLayout<T>.size)
        unsafe storage.base.storeBytes(of: integer.bigEndian, toByteOffset: length, as: T.self)
        length += MemoryLayout<T>.size
    }

    /// Appends bytes as they are.
    @inlinable
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        reserve(bytes.count)
        if let source = bytes.baseAddress {
            unsafe storage.base.advanced(by: length).copyMemory(from: source, byteCount: bytes.count)
        }
        length += bytes.count
    }

    /// Appends bytes as they are.
    @inlinable
    public mutating func append(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe append($0) }
    }

    /// Appends the UTF-8 of a text.
    @inlinable
    public mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { unsafe append(UnsafeRawBufferPointer($0)) }
    }

    /// Appends a value with its four-byte length before it, as an element of an array; a null is the length −1.
    @inlinable
    public mutating func appendElement<Value: PostgresEncodable>(_ value: Value) {
        reserve(4 + 16)
        let mark = length
        length += 4
        value.encode(into: &self)
        unsafe storage.base.storeBytes(of: Int32(length - mark - 4).bigEndian, toByteOffset: mark, as: Int32.self)
    }

    /// Begins a one-dimensional binary array (`array_recv`): dimensions, null flag, element type, size, lower bound.
    @inlinable
    public mutating func appendArrayHeader(count: Int, hasNulls: Bool, element: PostgresType) {
        reserve(20 + count * 8)
        append(Int32(count == 0 ? 0 : 1))
        append(Int32(hasNulls ? 1 : 0))
        append(element.rawValue)
        guard count > 0 else { return }
        append(Int32(count))
        append(Int32(1))
    }

    func withBytes<Answer>(_ body: (UnsafeRawBufferPointer) throws -> Answer) rethrows -> Answer {
        unsafe try body(UnsafeRawBufferPointer(start: storage.base, count: length))
    }
}
