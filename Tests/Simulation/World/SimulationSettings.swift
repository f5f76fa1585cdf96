import Engine
package import TestSupport

/// What a simulation is made of. Everything else follows from the seed.
package struct SimulationSettings: Sendable {
    package var seed: UInt64
    var nodes = 3
    var workers = 5
    /// How long faults happen, at least.
    var faultTime: Duration = .seconds(30)
    /// Faults that happen, at least.
    var faultCount = 60
    /// How long the rest may take, once they have stopped.
    var recoveryTime: Duration = .seconds(300)
    /// What the store does wrong.
    package var planted: PlantedFault?
    /// What the wakes do wrong.
    package var losesWakes = false
    /// Lines of the trace that a failure shows.
    var traceLines = 150

    package init(seed: UInt64) { self.seed = seed }

    /// Everything a few times faster than in earnest: fewer idle turns between two events.
    var engine: EngineConfiguration {
        var configuration = EngineConfiguration()
        configuration.lease = .seconds(5)
        configuration.renewalInterval = .milliseconds(1500)
        configuration.startTimeout = .seconds(2)
        configuration.attemptGrace = .seconds(3)
        configuration.rescueInterval = .seconds(1)
        configuration.auditInterval = .seconds(3)
        configuration.scanInterval = .seconds(2)
        configuration.commandTimeout = .seconds(10)
        // Runs fall out of memory and are loaded again.
        configuration.runCacheBytes = seed % 2 == 0 ? 16 << 10 : 32 << 20
        // Batches are cut.
        configuration.batchRuns = seed % 3 == 0 ? 3 : 500
        // The next batch is gathered beside the one that is written, or all of it comes after that.
        configuration.eagerCommands = seed % 5 == 0 ? 64 : 1
        return configuration
    }
}
