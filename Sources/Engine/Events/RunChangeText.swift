import JSON
import Workflows

/// The API's `RunChange` (openapi.yaml) as JSON text.
enum RunChangeText {
    static func json(_ fragment: EventFragment, flow: FlowPlan?, at: Timestamp) -> [UInt8] {
        var writer = JSONWriter(reserving: 160 + fragment.steps.count * 64)
        writer.raw("{")
        writer.key("run")
        writer.string(fragment.run.description)
        if let flow {
            writer.raw(",")
            writer.key("workflow")
            writer.string(flow.name)
        }
        if let state = fragment.state {
            writer.raw(",")
            writer.key("state")
            writer.string(state.text)
        }
        if let revision = fragment.revision {
            writer.raw(",")
            writer.key("revision")
            writer.integer(revision)
        }
        writer.raw(",")
        writer.key("at")
        writer.string(at.rfc3339)
        writer.raw(",")
        writer.key("steps")
        writer.raw("[")
        for (index, step) in fragment.steps.enumerated() {
            if index > 0 { writer.raw(",") }
            append(step, flow: flow, to: &writer)
        }
        writer.raw("]}")
        return writer.bytes
    }

    private static func append(_ step: EventFragment.StepChange, flow: FlowPlan?, to writer: inout JSONWriter) {
        writer.raw("{")
        writer.key("index")
        writer.integer(Int64(step.step))
        if let flow, flow.plan.steps.indices.contains(Int(step.step)) {
            writer.raw(",")
            writer.key("id")
            writer.string(flow.plan.steps[Int(step.step)].id)
        }
        writer.raw(",")
        writer.key("state")
        writer.string(step.state.text)
        writer.raw(",")
        writer.key("attempt")
        writer.integer(Int64(step.attempt))
        writer.raw("}")
    }
}
