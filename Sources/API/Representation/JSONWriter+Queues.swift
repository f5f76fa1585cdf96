import Engine
import JSON
import Workflows

extension JSONWriter {
    /// `Queue`.
    mutating func queue(_ queue: QueueRecord, load: QueueLoad) {
        object { members in
            members.string("name", queue.name)
            members.string("discipline", queue.settings.order.discipline.text)
            members.string("boost", queue.settings.order.boost.shortText)
            members.integer("weight", queue.settings.weight)
            members.bool("strict", queue.settings.isStrict)
            if let concurrency = queue.settings.concurrency { members.integer("concurrency", concurrency) }
            members.bool("paused", queue.isPaused)
            members.bool("draining", queue.isDraining)
            members.integer("ready", load.ready)
            members.integer("running", load.running)
            members.integer("held", load.held)
            members.integer("version", queue.version)
        }
    }

    /// `Wait`.
    mutating func wait(_ wait: Explanation) {
        object { members in
            members.string("step", wait.step)
            members.string("reason", wait.reason.code)
            members.string("message", wait.reason.message)
            switch wait.reason {
            case .dependencies(let needs): members.strings("needs", needs)
            case .stage(let stage): members.string("stage", stage)
            case .parts(let unended): members.integer("unended", unended)
            case .retry(let due): members.time("due_at", due)
            case .rate(let name, let due), .throttle(let name, let due), .debounce(let name, let due):
                members.string("name", name)
                members.time("due_at", due)
            case .limit(let limit): members.member("limit") { $0.limit(limit) }
            case .starting: break
            case .breaker(let breaker): members.member("breaker") { $0.breaker(breaker) }
            case .queuePaused(let queue): members.string("queue", queue)
            case .queueLimit(let queue, let places, let running):
                members.string("queue", queue)
                members.integer("places", places)
                members.integer("running", running)
            case .quota(let places, let running):
                members.string("quota", QuotaKind.concurrentSteps.name)
                members.integer("places", places)
                members.integer("running", running)
            case .noWorker(let taskType, let pool):
                members.string("task_type", taskType)
                members.string("pool", pool)
            case .turn(let queue, let ahead, let workers):
                members.string("queue", queue)
                members.integer("ahead", ahead)
                members.integer("workers", workers)
            case .running(let worker, let since):
                members.string("worker", worker)
                members.time("since", since)
            case .outside(let since), .paused(let since): members.time("since", since)
            }
        }
    }

    private mutating func limit(_ limit: LimitEvidence) {
        object { members in
            members.string("name", limit.name)
            members.string("level", limit.level == .run ? "run" : "step")
            members.integer("slots", limit.slots)
            members.integer("ahead", limit.ahead)
            members.time("since", limit.since)
            members.member("holders") { writer in
                writer.array(limit.holders) { writer, holder in
                    writer.object { members in
                        members.string("run", holder.run.description)
                        if holder.step != HeldRow.run { members.integer("step", holder.step) }
                        members.time("since", holder.since)
                    }
                }
            }
        }
    }
}
