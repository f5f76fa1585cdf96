/// What a run was started with, and expressions may read.
public struct RunContext: Hashable, Sendable {
    /// The step of another run that started this one.
    public struct Parent: Hashable, Sendable {
        public var run: RunID
        public var step: Int32

        public init(run: RunID, step: Int32) {
            self.run = run
            self.step = step
        }
    }

    /// `run.id`; `nil` in tests that do not care.
    public var run: RunID?
    /// `inputs`: JSON text of an object, checked and filled with defaults.
    public var input: [UInt8]
    public var parent: Parent?
    /// Levels below the run that no run started.
    public var depth: Int32

    public init(
        run: RunID? = nil, input: [UInt8] = Array("{}".utf8), parent: Parent? = nil, depth: Int32 = 0
    ) {
        self.run = run
        self.input = input
        self.parent = parent
        self.depth = depth
    }
}

extension RunContext {
    /// The run that a step of this one starts: its time, and a hash of it and the step. So the child falls into its
    /// parent's partition, and starting it twice is starting it once. A run that was reopened starts others.
    func child(of step: Int32, generation: Int32) -> RunID? {
        guard let run else { return nil }
        var mixed = run.bytes.low ^ (UInt64(UInt32(bitPattern: step)) &* 0x9E37_79B9_7F4A_7C15)
        mixed ^= UInt64(UInt32(bitPattern: generation)) &* 0xD6E8_FEB8_6659_FD93
        for _ in 0..<2 {
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            mixed = (mixed ^ (mixed >> 31)) &+ run.bytes.high
        }
        return RunID(
            RunID.Bytes(high: run.bytes.high, low: 0x8000_0000_0000_0000 | mixed & 0x3FFF_FFFF_FFFF_FFFF))
    }
}
