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
            members.evidence(of: wait.reason)
        }
    }

    fileprivate mutating func limit(_ limit: LimitEvidence) {
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

extension JSONWriter.Members {
    /// What goes with a reason, beside its code and message.
    mutating func evidence(of reason: WaitReason) {
        switch reason {
        case .dependencies(let needs): strings("needs", needs)
        case .stage(let stage): string("stage", stage)
        case .parts(let unended): integer("unended", unended)
        case .retry(let due): time("due_at", due)
        case .rate(let name, let due), .throttle(let name, let due), .debounce(let name, let due):
            string("name", name)
            time("due_at", due)
        case .limit(let limit): member("limit") { $0.limit(limit) }
        case .starting: break
        case .breaker(let breaker): member("breaker") { $0.breaker(breaker) }
        case .queuePaused(let queue): string("queue", queue)
        case .queueLimit(let queue, let places, let running):
            string("queue", queue)
            integer("places", places)
            integer("running", running)
        case .quota(let places, let running):
            string("quota", QuotaKind.concurrentSteps.name)
            integer("places", places)
            integer("running", running)
        case .noWorker(let taskType, let pool):
            string("task_type", taskType)
            string("pool", pool)
        case .turn(let queue, let ahead, let workers):
            string("queue", queue)
            integer("ahead", ahead)
            integer("workers", workers)
        case .running(let worker, let since):
            string("worker", worker)
            time("since", since)
        case .outside(let since), .paused(let since): time("since", since)
        }
    }
}
