import JSON

/// What one file declares together: workflows, queues and limits, applied all or nothing under one name.
public struct Bundle: Sendable {
    /// Owns what it declares; parts are separated by slashes.
    public var name: String
    public var description: String?
    public var queues: [QueueDeclaration]
    public var limits: [LimitDeclaration]
    public var workflows: [BundledWorkflow]

    public init(
        name: String, description: String? = nil, queues: [QueueDeclaration] = [], limits: [LimitDeclaration] = [],
        workflows: [BundledWorkflow] = []
    ) {
        self.name = name
        self.description = description
        self.queues = queues
        self.limits = limits
        self.workflows = workflows
    }

    /// What it declares with every default written out and in a fixed order: two texts that say the same have the same.
    public var canonical: [UInt8] {
        var members: [(String, JSONValue)] = [("bundle", .string(name))]
        if let description { members.append(("description", .string(description))) }
        members.append(("queues", .array(queues.sorted { $0.name < $1.name }.map(\.json))))
        members.append(("limits", .array(limits.sorted { $0.id < $1.id }.map(\.json))))
        let workflows = workflows.sorted { $0.workflow.definition.name < $1.workflow.definition.name }
        members.append(("workflows", .array(workflows.map(\.workflow.definition.json))))
        return JSONValue.object(members).bytes()
    }
}

/// A workflow and the text that it was read from.
public struct BundledWorkflow: Sendable {
    public var workflow: Workflow
    /// As its author wrote it, or JSON where it is not text of its own.
    public var source: [UInt8]

    public init(_ workflow: Workflow, source: [UInt8]) {
        self.workflow = workflow
        self.source = source
    }

    public var name: String { workflow.definition.name }
}
