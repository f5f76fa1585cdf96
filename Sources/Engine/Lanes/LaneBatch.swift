import Workflows

/// A batch that is being put together: its commands, and what they do to their runs.
struct LaneBatch {
    /// Its place among the batches of the lane.
    let number: Int
    var builder: BatchBuilder
    var round = Round()
    private var bytes = 0

    init(number: Int, builder: BatchBuilder) {
        self.number = number
        self.builder = builder
    }

    /// What an empty batch takes.
    static func room(_ configuration: EngineConfiguration) -> LaneQueue.Room {
        LaneQueue.Room(count: configuration.batchRuns, bytes: configuration.batchBytes)
    }

    /// What it takes yet.
    func room(_ configuration: EngineConfiguration) -> LaneQueue.Room {
        guard !round.commands.isEmpty else { return Self.room(configuration) }
        return LaneQueue.Room(
            count: max(0, configuration.batchRuns - round.commands.count),
            bytes: max(0, configuration.batchBytes - bytes), taken: round.commands.count)
    }

    /// Adds commands; answers the index of the first.
    mutating func append(_ commands: [LaneCommand]) -> Int {
        for command in commands { bytes += command.bytes }
        return round.append(commands)
    }
}
