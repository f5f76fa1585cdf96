import Engine
import JSON
import Synchronization
import Workflows

/// What people see of a definition's steps: read from its canonical form, without compiling it.
struct FlowOutline: Sendable {
    struct Step: Sendable {
        var id: String
        var uses: String
        var needs: [String]
    }

    let steps: [Step]
    private let indices: [String: Int32]

    init(canonical: [UInt8]) throws(JSONError) {
        let definition = try JSONValue(parsing: canonical)
        steps = (definition["steps"]?.arrayValue ?? []).map { step in
            Step(
                id: step["id"]?.stringValue ?? "", uses: step["uses"]?.stringValue ?? "",
                needs: (step["needs"]?.arrayValue ?? []).compactMap(\.stringValue))
        }
        indices = Dictionary(zip(steps.lazy.map(\.id), 0...), uniquingKeysWith: { first, _ in first })
    }

    func index(of id: String) -> Int32? { indices[id] }

    func id(_ index: Int32) -> String {
        steps.indices.contains(Int(index)) ? steps[Int(index)].id : "#\(index)"
    }
}

/// Outlines of definitions that were looked at lately; a version never changes.
final class FlowOutlines: Sendable {
    private let catalog: any Catalog
    private let known = Mutex<[FlowVersionID: FlowOutline]>([:])
    private static let capacity = 200

    init(catalog: any Catalog) { self.catalog = catalog }

    func outline(_ flow: FlowVersionID) async throws -> FlowOutline {
        if let outline = known.withLock({ $0[flow] }) { return outline }
        guard let stored = try await catalog.definition(flow) else {
            throw Problem(404, "workflow_not_found", "The run's workflow version is gone.")
        }
        let outline = try FlowOutline(canonical: stored.canonical)
        known.withLock { known in
            if known.count >= Self.capacity { known.removeAll(keepingCapacity: true) }
            known[flow] = outline
        }
        return outline
    }
}
