/// Every entry point with its rule: the one table. A route or a method that is not in it is not served.
///
/// `docs/permissions.md` is generated from it (`make generate`).
public enum EntryPoints {
    public static let all: [EntryPoint] = [
        // health and metrics
        EntryPoint(rest: "getHealth", .open),
        EntryPoint(rest: "getReadiness", .open),
        EntryPoint(rest: "getMetrics", .tenant(.readMetrics)),
        // sessions of the dashboard
        EntryPoint(rest: "getSession", .signedIn),
        EntryPoint(rest: "createSession", .open),
        EntryPoint(rest: "deleteSession", .signedIn),
        EntryPoint(rest: "createSessionCode", .tenant(.createSessionCodes)),
        EntryPoint(rest: "listSignInProviders", .open),
        EntryPoint(rest: "startSignIn", .open),
        EntryPoint(rest: "finishSignIn", .open),
        // runs
        EntryPoint(rest: "listRuns", .named(.readRuns, .workflow, .query("workflow"))),
        EntryPoint(rest: "startRun", .named(.startRuns, .workflow, .content)),
        EntryPoint(rest: "getRun", .named(.readRuns, .workflow, .content)),
        EntryPoint(rest: "explainRun", .named(.readRuns, .workflow, .content)),
        EntryPoint(rest: "cancelRun", .named(.cancelRuns, .workflow, .content)),
        EntryPoint(rest: "pauseRun", .named(.cancelRuns, .workflow, .content)),
        EntryPoint(rest: "resumeRun", .named(.cancelRuns, .workflow, .content)),
        EntryPoint(rest: "signalRun", .named(.startRuns, .workflow, .content)),
        EntryPoint(rest: "rerunRun", .named(.startRuns, .workflow, .content)),
        EntryPoint(rest: "listDeadLetters", .tenant(.readRuns)),
        EntryPoint(rest: "getDeadLetter", .named(.readRuns, .workflow, .content)),
        EntryPoint(rest: "redriveDeadLetter", .named(.startRuns, .workflow, .content)),
        EntryPoint(rest: "listBulkJobs", .tenant(.readRuns)),
        EntryPoint(rest: "createBulkJob", .tenant(.cancelRuns)),
        EntryPoint(rest: "getBulkJob", .tenant(.readRuns)),
        EntryPoint(rest: "cancelBulkJob", .tenant(.cancelRuns)),
        EntryPoint(rest: "listBulkRuns", .tenant(.readRuns)),
        EntryPoint(rest: "listApprovals", .named(.readRuns, .workflow, .content)),
        EntryPoint(rest: "decideApproval", .named(.decideApprovals, .workflow, .content)),
        EntryPoint(rest: "delegateApproval", .named(.decideApprovals, .workflow, .content)),
        EntryPoint(rest: "listLogs", .named(.readLogs, .workflow, .content)),
        EntryPoint(rest: "streamEvents", .tenant(.readEvents)),
        EntryPoint(rest: "getOverview", .tenant(.readOverview)),
        // workflows
        EntryPoint(rest: "listWorkflows", .tenant(.readWorkflows)),
        EntryPoint(rest: "applyWorkflow", .named(.applyWorkflows, .workflow, .content)),
        EntryPoint(rest: "validateWorkflow", .tenant(.readWorkflows)),
        EntryPoint(rest: "getWorkflow", .named(.readWorkflows, .workflow, .path("name"))),
        EntryPoint(rest: "listWorkflowVersions", .named(.readWorkflows, .workflow, .path("name"))),
        // bundles
        EntryPoint(rest: "applyBundle", .named(.applyWorkflows, .workflow, .content)),
        EntryPoint(rest: "listBundles", .tenant(.readWorkflows)),
        EntryPoint(rest: "getBundle", .tenant(.readWorkflows)),
        EntryPoint(rest: "listBundleVersions", .tenant(.readWorkflows)),
        // limits
        EntryPoint(rest: "listLimits", .tenant(.readQueues)),
        EntryPoint(rest: "getLimit", .tenant(.readQueues)),
        EntryPoint(rest: "putLimit", .tenant(.writeQueues)),
        EntryPoint(rest: "deleteLimit", .tenant(.writeQueues)),
        // queues
        EntryPoint(rest: "listQueues", .tenant(.readQueues)),
        EntryPoint(rest: "getQueue", .named(.readQueues, .queue, .path("name"))),
        EntryPoint(rest: "putQueue", .named(.writeQueues, .queue, .path("name"))),
        EntryPoint(rest: "deleteQueue", .named(.writeQueues, .queue, .path("name"))),
        EntryPoint(rest: "pauseQueue", .named(.operateQueues, .queue, .path("name"))),
        EntryPoint(rest: "resumeQueue", .named(.operateQueues, .queue, .path("name"))),
        EntryPoint(rest: "drainQueue", .named(.operateQueues, .queue, .path("name"))),
        // breakers
        EntryPoint(rest: "listBreakers", .tenant(.readQueues)),
        EntryPoint(rest: "getBreaker", .tenant(.readQueues)),
        EntryPoint(rest: "putBreaker", .tenant(.writeQueues)),
        EntryPoint(rest: "deleteBreaker", .tenant(.writeQueues)),
        EntryPoint(rest: "resetBreaker", .tenant(.operateQueues)),
        EntryPoint(rest: "tripBreaker", .tenant(.operateQueues)),
        // the node
        EntryPoint(rest: "listWorkers", .tenant(.readWorkers)),
        EntryPoint(rest: "getSupervisionTree", .tenant(.readSystem)),
        // identity
        EntryPoint(rest: "listKeys", .tenant(.readKeys)),
        EntryPoint(rest: "createKey", .tenant(.manageKeys)),
        EntryPoint(rest: "revokeKey", .tenant(.manageKeys)),
        EntryPoint(rest: "revokeToken", .tenant(.revokeTokens)),
        EntryPoint(rest: "listRoles", .tenant(.readRoles)),
        EntryPoint(rest: "putRole", .tenant(.manageRoles)),
        EntryPoint(rest: "deleteRole", .tenant(.manageRoles)),
        EntryPoint(rest: "listGrants", .tenant(.readRoles)),
        EntryPoint(rest: "addGrant", .tenant(.manageRoles)),
        EntryPoint(rest: "removeGrant", .tenant(.manageRoles)),
        EntryPoint(rest: "listUsers", .tenant(.readRoles)),
        EntryPoint(rest: "getUser", .tenant(.readRoles)),
        EntryPoint(rest: "suspendUser", .tenant(.manageRoles)),
        EntryPoint(rest: "resumeUser", .tenant(.manageRoles)),
        EntryPoint(rest: "endUserSessions", .tenant(.manageRoles)),
        EntryPoint(rest: "listTenants", .tenant(.manageTenants)),
        EntryPoint(rest: "suspendTenant", .tenant(.manageTenants)),
        EntryPoint(rest: "resumeTenant", .tenant(.manageTenants)),
        // quotas
        EntryPoint(rest: "getUsage", .tenant(.readOverview)),
        EntryPoint(rest: "getQuotas", .tenant(.manageTenants)),
        EntryPoint(rest: "putQuotas", .tenant(.manageTenants)),
        // secrets
        EntryPoint(rest: "listSecrets", .tenant(.readSecrets)),
        EntryPoint(rest: "setSecret", .named(.writeSecrets, .secret, .path("name"))),
        EntryPoint(rest: "deleteSecret", .named(.writeSecrets, .secret, .path("name"))),
        EntryPoint(rest: "rotateSecrets", .tenant(.writeSecrets)),
        // audit
        EntryPoint(rest: "listAudit", .tenant(.readAudit)),
        // gRPC
        EntryPoint(grpc: "beamline.v1.RunService/StartRun", .named(.startRuns, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.RunService/StartRuns", .named(.startRuns, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.RunService/GetRun", .named(.readRuns, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.RunService/ListRuns", .named(.readRuns, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.RunService/CancelRun", .named(.cancelRuns, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.RunService/WatchRun", .named(.readRuns, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.RunService/PauseRun", .named(.cancelRuns, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.RunService/ResumeRun", .named(.cancelRuns, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.RunService/SignalRun", .named(.startRuns, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.RunService/ExplainRun", .named(.readRuns, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.FailureService/ListDeadLetters", .tenant(.readRuns)),
        EntryPoint(grpc: "beamline.v1.FailureService/GetDeadLetter", .named(.readRuns, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.FailureService/RedriveDeadLetter", .named(.startRuns, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.FailureService/RerunRun", .named(.startRuns, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.BulkService/MatchBulkJob", .tenant(.cancelRuns)),
        EntryPoint(grpc: "beamline.v1.BulkService/CreateBulkJob", .tenant(.cancelRuns)),
        EntryPoint(grpc: "beamline.v1.BulkService/GetBulkJob", .tenant(.readRuns)),
        EntryPoint(grpc: "beamline.v1.BulkService/ListBulkJobs", .tenant(.readRuns)),
        EntryPoint(grpc: "beamline.v1.BulkService/CancelBulkJob", .tenant(.cancelRuns)),
        EntryPoint(grpc: "beamline.v1.BulkService/ListBulkRuns", .tenant(.readRuns)),
        EntryPoint(grpc: "beamline.v1.BreakerService/ListBreakers", .tenant(.readQueues)),
        EntryPoint(grpc: "beamline.v1.BreakerService/GetBreaker", .tenant(.readQueues)),
        EntryPoint(grpc: "beamline.v1.BreakerService/PutBreaker", .tenant(.writeQueues)),
        EntryPoint(grpc: "beamline.v1.BreakerService/DeleteBreaker", .tenant(.writeQueues)),
        EntryPoint(grpc: "beamline.v1.BreakerService/ResetBreaker", .tenant(.operateQueues)),
        EntryPoint(grpc: "beamline.v1.BreakerService/TripBreaker", .tenant(.operateQueues)),
        EntryPoint(grpc: "beamline.v1.LimitService/ListLimits", .tenant(.readQueues)),
        EntryPoint(grpc: "beamline.v1.LimitService/GetLimit", .tenant(.readQueues)),
        EntryPoint(grpc: "beamline.v1.LimitService/PutLimit", .tenant(.writeQueues)),
        EntryPoint(grpc: "beamline.v1.LimitService/DeleteLimit", .tenant(.writeQueues)),
        EntryPoint(grpc: "beamline.v1.LimitService/GetUsage", .tenant(.readOverview)),
        EntryPoint(grpc: "beamline.v1.ApprovalService/ListApprovals", .named(.readRuns, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.ApprovalService/DecideApproval", .named(.decideApprovals, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.ApprovalService/DelegateApproval", .named(.decideApprovals, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.QueueService/ListQueues", .tenant(.readQueues)),
        EntryPoint(grpc: "beamline.v1.QueueService/GetQueue", .named(.readQueues, .queue, .content)),
        EntryPoint(grpc: "beamline.v1.QueueService/PutQueue", .named(.writeQueues, .queue, .content)),
        EntryPoint(grpc: "beamline.v1.QueueService/PauseQueue", .named(.operateQueues, .queue, .content)),
        EntryPoint(grpc: "beamline.v1.QueueService/ResumeQueue", .named(.operateQueues, .queue, .content)),
        EntryPoint(grpc: "beamline.v1.QueueService/DrainQueue", .named(.operateQueues, .queue, .content)),
        EntryPoint(grpc: "beamline.v1.QueueService/DeleteQueue", .named(.writeQueues, .queue, .content)),
        EntryPoint(grpc: "beamline.v1.BundleService/ApplyBundle", .named(.applyWorkflows, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.BundleService/GetBundle", .tenant(.readWorkflows)),
        EntryPoint(grpc: "beamline.v1.BundleService/ListBundles", .tenant(.readWorkflows)),
        EntryPoint(grpc: "beamline.v1.WorkflowService/ApplyWorkflow", .named(.applyWorkflows, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.WorkflowService/ValidateWorkflow", .tenant(.readWorkflows)),
        EntryPoint(grpc: "beamline.v1.WorkflowService/GetWorkflow", .named(.readWorkflows, .workflow, .content)),
        EntryPoint(grpc: "beamline.v1.WorkflowService/ListWorkflows", .tenant(.readWorkflows)),
        EntryPoint(grpc: "beamline.v1.WorkerService/Connect", .tenant(.connectWorker)),
        EntryPoint(grpc: "grpc.health.v1.Health/Check", .signedIn),
        EntryPoint(grpc: "grpc.health.v1.Health/Watch", .signedIn),
        EntryPoint(grpc: "grpc.reflection.v1.ServerReflection/ServerReflectionInfo", .signedIn),
        EntryPoint(grpc: "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", .signedIn),
    ]

    private static let rest = rules(of: .rest)
    private static let grpc = rules(of: .grpc)

    /// The rule of an operation of openapi.yaml.
    public static func rule(operation: String) -> AccessRule? { rest[operation] }

    /// The rule of a gRPC method by its path: `/package.Service/Method`.
    public static func rule(path: String) -> AccessRule? { grpc[path] }

    private static let control = Set(all.filter(\.isControl).map { $0.kind == .grpc ? "/" + $0.name : $0.name })

    /// Whether the audit log has what is done by an operation of openapi.yaml, or by the gRPC method of a path.
    public static func isControl(_ name: String) -> Bool { control.contains(name) }

    private static func rules(of kind: EntryPoint.Kind) -> [String: AccessRule] {
        Dictionary(
            uniqueKeysWithValues: all.filter { $0.kind == kind }.map {
                (kind == .grpc ? "/" + $0.name : $0.name, $0.rule)
            })
    }
}
