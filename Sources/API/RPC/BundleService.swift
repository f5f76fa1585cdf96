import Access
import Engine
import GRPC
import JSON
import Protobuf
import Telemetry
import Workflows

/// `beamline.v1.BundleService`.
struct BundleService: Sendable {
    let bundles: BundleOperations
    let metrics: MetricsRegistry

    func add(to router: inout GRPCRouter<Caller>) {
        router.serve(BeamlineV1.BundleService.applyBundle, metrics, apply)
        router.serve(BeamlineV1.BundleService.getBundle, metrics) { request, caller in
            guard request.version >= 0 else {
                throw Problem(400, "invalid_argument", "version must not be negative.")
            }
            let stored = try await bundles.stored(
                request.name, version: request.version == 0 ? nil : request.version, tenant: caller.tenant)
            return BeamlineV1.Bundle(stored.summary, source: stored.source)
        }
        router.serve(BeamlineV1.BundleService.listBundles, metrics) { request, caller in
            let page = try await bundles.list(
                after: try Cursor.name(request.pageToken.isEmpty ? nil : request.pageToken),
                pageSize: try PageSize.checked(request.pageSize), tenant: caller.tenant)
            return BeamlineV1.ListBundlesResponse(
                bundles: page.bundles.map { BeamlineV1.Bundle($0) },
                nextPageToken: page.next.map { Cursor.text(name: $0) } ?? "")
        }
    }

    private func apply(
        _ request: BeamlineV1.ApplyBundleRequest, _ caller: Caller
    ) async throws -> BeamlineV1.ApplyBundleResponse {
        guard (1...BundleOperations.fileLimit).contains(request.files.count) else {
            throw Problem(400, "invalid_argument", "files must be 1 to \(BundleOperations.fileLimit).")
        }
        guard request.files.allSatisfy({ (1...500).contains($0.name.utf8.count) }) else {
            throw Problem(400, "invalid_argument", "Each file needs a name of 1 to 500 bytes.")
        }
        guard request.files.reduce(0, { $0 + $1.content.count }) <= BundleOperations.sourceLimit else {
            throw Problem(
                413, "payload_too_large", "The files are larger than \(BundleOperations.sourceLimit) bytes.")
        }
        var options = BundleOperations.Options()
        options.isDryRun = request.dryRun
        options.prunes = request.prune
        let files = request.files.map { (name: $0.name, contents: $0.content) }
        return BeamlineV1.ApplyBundleResponse(try await bundles.apply(files, options, caller))
    }
}

extension BeamlineV1.ApplyBundleResponse {
    init(_ applied: BundleOperations.Applied) {
        self.init(changed: applied.plan.isChanging)
        bundles = applied.plan.bundles.map { change in
            BeamlineV1.BundleChange(
                name: change.bundle.name,
                version: applied.written?.bundles[change.bundle.name] ?? change.version ?? 0,
                changed: change.isChanged)
        }
        changes = applied.plan.changes.map { change in
            BeamlineV1.ResourceChange(
                kind: change.id.kind.text, name: change.id.name, action: change.action.rawValue,
                bundle: change.bundle ?? "", version: applied.written?.versions[change.id] ?? change.version ?? 0,
                differences: change.differences.map { difference in
                    BeamlineV1.ResourceChange.Difference(
                        path: difference.path, before: difference.before?.bytes() ?? [],
                        after: difference.after?.bytes() ?? [])
                })
        }
    }
}

extension BeamlineV1.Bundle {
    init(_ bundle: BundleSummary, source: [UInt8] = []) {
        self.init(
            name: bundle.name, version: bundle.version, appliedUnixUs: bundle.appliedAt.microseconds,
            appliedBy: bundle.appliedBy, source: source)
    }
}
