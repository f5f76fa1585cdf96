/// What a caller wants of one call.
public struct GRPCCallOptions: Sendable {
    /// How long the call may take, connecting included; the server is told.
    public var timeout: Duration?
    /// Metadata besides the channel's.
    public var metadata: GRPCMetadata
    /// How the messages to the server are compressed.
    public var compression: GRPCCompression
    /// Whether the call waits through the channel's rests for a connection, rather than fail at once.
    public var waitsForConnection: Bool

    /// The options of a call.
    public init(
        timeout: Duration? = nil, metadata: GRPCMetadata = GRPCMetadata(), compression: GRPCCompression = .identity,
        waitsForConnection: Bool = false
    ) {
        self.timeout = timeout
        self.metadata = metadata
        self.compression = compression
        self.waitsForConnection = waitsForConnection
    }
}
