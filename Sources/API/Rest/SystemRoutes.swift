import Access
import Engine
import HTTP
import JSON
import NIOCore
import Telemetry
import Workflows

/// Health, metrics, the overview, workers, and the node's own state.
struct SystemRoutes: Sendable {
    let parts: APIParts

    var routes: [Route] {
        [
            Route(open: "GET", "/healthz", "getHealth", always: Self.alive),
            Route(open: "GET", "/readyz", "getReadiness", readiness),
            Route("GET", "/metrics", "getMetrics", metrics),
            Route("GET", "/v1/overview", "getOverview", parameters: ["window"], overview),
            Route("GET", "/v1/workers", "listWorkers", workers),
            Route("GET", "/v1/system/tree", "getSupervisionTree", tree),
        ]
    }

    private static let alive = HTTPResponse.json { $0.raw(#"{"status":"ok"}"#) }

    private func readiness(_ request: HTTPRequest, _ requestID: String) async throws -> HTTPResponse {
        let checks = await parts.readiness()
        return .json(checks.allSatisfy(\.isOK) ? 200 : 503) { $0.health(checks) }
    }

    private func metrics(_ call: Call) async throws -> HTTPResponse {
        HTTPResponse(
            status: 200, fields: ["content-type": PrometheusText.contentType, "cache-control": "no-store"],
            body: .bytes(ByteBuffer(string: parts.metrics.render())))
    }

    private func overview(_ call: Call) async throws -> HTTPResponse {
        let window = try call.query.duration("window", limit: .seconds(168 * 3600), limitText: "168h")
        let overview = try await parts.reader.overview(
            window: window ?? .seconds(24 * 3600), tenant: call.caller.tenant)
        return .json { $0.overview(overview) }
    }

    private func workers(_ call: Call) async throws -> HTTPResponse {
        let workers = try await parts.reader.workers(tenant: call.caller.tenant)
        return .json { writer in
            writer.object { members in
                members.member("workers") { $0.array(workers) { $0.worker($1) } }
            }
        }
    }

    private func tree(_ call: Call) async throws -> HTTPResponse {
        let tree = parts.tree()
        return .json { $0.supervised(tree) }
    }
}
