/// What the engine does itself, as it was written: its texts are compiled later, with all others.
enum KindForm {
    case wait(Wait)
    case approval(Approval)
    case workflow(Child)
    case choice(Choice)
    case emit(Emit)

    struct Wait {
        var duration: SourceNode?
        var until: SourceNode?
        var signal: SourceNode?
        var timeout: Duration?
        var onTimeout = TimeoutAction.fail
    }

    struct Approval {
        var roles: [String] = []
        var quorum = 1
        var timeout: Duration?
        var onTimeout = TimeoutAction.fail
        var reminder: Duration?
        var escalation: ApprovalRule.Escalation?
        var form: InputSchema?
        var message: SourceNode?
    }

    struct Child {
        var name: SourceNode
        var inputs: SourceNode?
        var onParentCancel = ChildRule.ParentCancel.cancel
    }

    struct Choice {
        var value: SourceNode?
        var cases: [Case] = []
        var otherwise: [(name: String, node: SourceNode)] = []

        struct Case {
            var equals: SourceNode?
            var condition: (text: String, node: SourceNode)?
            var then: [(name: String, node: SourceNode)]
        }
    }

    struct Emit {
        var name: SourceNode
        var payload: SourceNode?
        var run: SourceNode?
    }
}
