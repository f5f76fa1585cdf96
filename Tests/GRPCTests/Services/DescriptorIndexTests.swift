import Protobuf
import Testing

@testable import GRPC

@Suite("Descriptors for reflection")
struct DescriptorIndexTests {
    private let index = DescriptorIndex(descriptorSet: DescriptorSet.serialized)

    @Test(
        "symbols of every kind are found",
        arguments: [
            "beamline.v1.RunService", "beamline.v1.RunService.StartRun", "beamline.v1.Run", "beamline.v1.Run.state",
            "beamline.v1.Ack.Result", "beamline.v1.StartRunsResponse.Item", "grpc.health.v1.Health",
            "grpc.health.v1.HealthCheckResponse.ServingStatus",
        ])
    func symbols(name: String) { #expect(index.files(declaring: name)?.isEmpty == false) }

    @Test("a file comes with what it imports")
    func imports() {
        #expect(index.files(named: "google/rpc/status.proto")?.count == 2)
        #expect(index.files(named: "beamline/v1/worker.proto")?.count == 1)
        #expect(index.files(named: "nothing.proto") == nil)
        #expect(index.files(declaring: "beamline.v1.Nothing") == nil)
    }
}
