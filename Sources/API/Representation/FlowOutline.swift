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

    /// In the order of the plan: the steps, `setup`, `finally`, then the steps of each handler.
    let steps: [Step]
    /// Which of `steps` belong to which handler: they run only as copies, when one is needed.
    let handlers: [Range<Int>]
    private let indices: [String: Int32]

    init(canonical: [UInt8]) throws(JSONError) {
        let definition = try JSONValue(parsing: canonical)
        func read(_ list: JSONValue?) -> [Step] {
            (list?.arrayValue ?? []).map { step in
                Step(
                    id: step["id"]?.stringValue ?? "", uses: step["uses"]?.stringValue ?? "",
                    needs: (step["needs"]?.arrayValue ?? []).compactMap(\.stringValue))
            }
        }
        var steps = read(definition["steps"]) + read(definition["setup"]) + read(definition["finally"])
        var handlers: [Range<Int>] = []
        for handler in definition["on_failure"]?.arrayValue ?? [] {
            let own = read(handler["steps"])
            handlers.append(steps.count..<steps.count + own.count)
            steps += own
        }
        self.steps = steps
        self.handlers = handlers
        indices = Dictionary(zip(steps.lazy.map(\.id), 0...), uniquingKeysWith: { first, _ in first })
    }

    /// Also of a step that a run has made: `each:17`.
    func index(of id: String) -> Int32? {
        if let known = indices[id] { return known }
        guard let colon = id.lastIndex(of: ":"), indices[String(id[..<colon])] != nil,
            let number = Int32(id[id.index(after: colon)...]), number >= steps.count
        else { return nil }
        return number
    }

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
