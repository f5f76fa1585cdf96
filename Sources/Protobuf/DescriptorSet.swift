private import CBeamlineProtos

/// The `google.protobuf.FileDescriptorSet` of every .proto file that the product carries, which reflection serves.
public enum DescriptorSet {
    /// The bytes, as protoc wrote them.
    public static var serialized: [UInt8] {
        unsafe Array(
            UnsafeBufferPointer(start: beamline_descriptor_set_start(), count: beamline_descriptor_set_size))
    }
}
