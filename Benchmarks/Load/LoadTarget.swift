import ArgumentParser
import GRPC
import Glibc
import HTTP
import Logging

/// The server under load.
struct LoadTarget: ParsableArguments {
    @Option(help: "Port on 127.0.0.1.")
    var port: Int

    @Option(help: "Access token.")
    var token: String

    func channel() -> GRPCChannel {
        var configuration = GRPCChannel.Configuration(address: .tcp(host: "127.0.0.1", port: port))
        configuration.metadata.append("authorization", "Bearer \(token)")
        var logger = Logger(label: "load")
        logger.logLevel = .error
        return GRPCChannel(configuration, logger: logger)
    }
}

/// Microseconds since the epoch: the same clock in every process of the machine.
func wallClockMicroseconds() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
}
