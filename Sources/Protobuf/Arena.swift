internal import CProtobufC
import Glibc

/// Memory for one message while it is in its C form: allocations are cut from chunks and all freed together.
///
/// Each allocation is preceded by its size. So the length of a string that protobuf-c has unpacked is known, and a
/// NUL character inside it is seen, where C would have cut the string off silently.
@safe
public struct Arena: ~Copyable {
    /// Stands at the start of the first chunk, so that an arena is one allocation.
    @unsafe
    private struct State {
        var cursor: UnsafeMutableRawPointer
        var end: UnsafeMutableRawPointer
        /// Further chunks, each with the address of the one before in its first word.
        var chunks: UnsafeMutableRawPointer?
        var available: Int
    }

    private let state: UnsafeMutablePointer<State>

    /// - Parameters:
    ///   - expected: Bytes that will probably be needed.
    ///   - limit: Bytes at which protobuf-c's allocations fail. `lower` and `array` do not count: what they copy is
    ///     already in memory.
    init(expecting expected: Int, limit: Int) {
        let capacity = unsafe MemoryLayout<State>.size + max(256, expected)
        let chunk = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        unsafe state = chunk.bindMemory(to: State.self, capacity: 1)
        unsafe state.initialize(
            to: State(
                cursor: chunk + MemoryLayout<State>.size, end: chunk + capacity, chunks: nil, available: limit))
    }

    deinit {
        var next = unsafe state.pointee.chunks
        while let chunk = unsafe next {
            unsafe next = chunk.load(as: UnsafeMutableRawPointer?.self)
            unsafe chunk.deallocate()
        }
        unsafe UnsafeMutableRawPointer(state).deallocate()
    }

    /// Memory of at least `size` bytes, aligned to 8, not cleared.
    private static func allocate(_ size: Int, in state: UnsafeMutablePointer<State>) -> UnsafeMutableRawPointer {
        let needed = (size + 8 + 7) & ~7
        if unsafe state.pointee.end - state.pointee.cursor < needed {
            let capacity = 16 + max(4096, needed)
            let chunk = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
            unsafe chunk.storeBytes(of: state.pointee.chunks, as: UnsafeMutableRawPointer?.self)
            unsafe state.pointee.chunks = chunk
            unsafe state.pointee.cursor = chunk + 16
            unsafe state.pointee.end = chunk + capacity
        }
        let place = unsafe state.pointee.cursor
        unsafe state.pointee.cursor += needed
        unsafe place.storeBytes(of: size, as: Int.self)
        return unsafe place + 8
    }

    /// protobuf-c's view of this arena; valid inside `body`.
    func withAllocator<R>(_ body: (UnsafeMutablePointer<ProtobufCAllocator>) -> R) -> R {
        var allocator = unsafe ProtobufCAllocator(
            alloc: { data, size in
                let state = unsafe data!.assumingMemoryBound(to: State.self)
                guard unsafe size <= state.pointee.available else { return nil }
                unsafe state.pointee.available -= size
                return unsafe Arena.allocate(size, in: state)
            },
            free: { _, _ in },
            allocator_data: UnsafeMutableRawPointer(state))
        return unsafe body(&allocator)
    }

    /// A cleared C struct.
    public func one<C>(_: C.Type) -> UnsafeMutablePointer<C> {
        let size = MemoryLayout<C>.size
        let place = unsafe Arena.allocate(size, in: state)
        unsafe memset(place, 0, size)
        return unsafe place.bindMemory(to: C.self, capacity: 1)
    }

    /// Room for the elements of a repeated field, not initialised; `like` only names the type.
    public func array<C>(like: UnsafeMutablePointer<C>?, count: Int) -> UnsafeMutablePointer<C> {
        unsafe Arena.allocate(MemoryLayout<C>.stride * count, in: state).bindMemory(to: C.self, capacity: count)
    }

    /// A NUL-terminated copy; nil (which protobuf-c packs as an empty string) for an empty text.
    public func lower(text: String, _ field: StaticString) throws(ProtobufError) -> UnsafeMutablePointer<CChar>? {
        if text.isEmpty { return nil }
        let copy: UnsafeMutableRawPointer? =
            unsafe text.utf8.withContiguousStorageIfAvailable { utf8 in
                unsafe terminated(UnsafeRawBufferPointer(utf8))
            } ?? Array(text.utf8).withUnsafeBytes { utf8 in unsafe terminated(utf8) }
        guard let copy = unsafe copy else { throw .containsNUL(field: field.description) }
        return unsafe copy.assumingMemoryBound(to: CChar.self)
    }

    private func terminated(_ utf8: UnsafeRawBufferPointer) -> UnsafeMutableRawPointer? {
        guard unsafe memchr(utf8.baseAddress!, 0, utf8.count) == nil else { return nil }
        let place = unsafe Arena.allocate(utf8.count + 1, in: state)
        unsafe memcpy(place, utf8.baseAddress!, utf8.count)
        unsafe place.storeBytes(of: 0, toByteOffset: utf8.count, as: UInt8.self)
        return unsafe place
    }

    /// A copy.
    public func lower(bytes: [UInt8]) -> UnsafeMutablePointer<UInt8>? {
        if bytes.isEmpty { return nil }
        return unsafe bytes.withUnsafeBytes { source in
            let place = unsafe Arena.allocate(source.count, in: state)
            unsafe memcpy(place, source.baseAddress!, source.count)
            return unsafe place.assumingMemoryBound(to: UInt8.self)
        }
    }
}

/// The text of a string field that protobuf-c unpacked into an `Arena`.
public func raise(text: UnsafeMutablePointer<CChar>?, _ field: StaticString) throws(ProtobufError) -> String {
    guard let text = unsafe text, unsafe UnsafePointer(text) != beamline_protobuf_c_empty_string() else { return "" }
    let size = unsafe UnsafeRawPointer(text).load(fromByteOffset: -8, as: Int.self) - 1
    if size == 0 { return "" }
    guard unsafe memchr(text, 0, size) == nil else { throw .containsNUL(field: field.description) }
    // A NUL follows the text, and none stands in it: this is the initialiser of which the library has no generic form,
    // which would look up its metadata each time.
    guard let result = unsafe String(validatingCString: text) else {
        throw .notUTF8(field: field.description)
    }
    return result
}

/// A copy of the bytes of a bytes field.
public func raise(bytes: UnsafeMutablePointer<UInt8>?, _ count: Int) -> [UInt8] {
    unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
}
