import Telemetry

/// What the engine counts. Every count is one atomic addition.
public final class EngineMetrics: Sendable {
    let runsStarted = Counter()
    let runsEnded = Counter()
    let commits = Counter()
    let commitRuns = Histogram(buckets: Histogram.sizeBuckets)
    let commitSeconds = Histogram()
    let commandSeconds = Histogram()
    let lostRaces = Counter()
    let staleOutcomes = Counter()
    let repeatedOutcomes = Counter()
    let recordedOutcomes = Counter()
    let duplicateStarts = Counter()
    let refusedCommands = Counter()
    let overloads = Counter()
    let storeFailures = Counter()
    let runLoads = Counter()
    let fastLeases = Counter()
    let fastLeasesRefused = Counter()
    let claims = Counter()
    let claimedTasks = Counter()
    let emptyClaims = Counter()
    let assignments = Counter()
    let refusedOffers = Counter()
    let revocations = Counter()
    let serverTimeouts = Counter()
    let rescues = Counter()
    let strayLeases = Counter()
    let firedDeadlines = Counter()
    let inboxMessages = Counter()
    let eventRows = Counter()
    let resyncs = Counter()
    let lostSessions = Counter()
    let rerankedTokens = Counter()
    let missedSlots = Counter()
    let halfOpenBreakers = Counter()
    let quarantines = Counter()

    /// By the quota's number, from 1 on.
    let quotaRefusals = QuotaKind.allCases.map { _ in Counter() }
    let quotaCorrections = Counter()

    public init() {}

    /// Everything, for the registry; `engine` adds its gauges.
    func families() -> [MetricFamily] {
        [
            .counter("beamline_runs_started_total", help: "Runs whose start was committed.", runsStarted.value),
            .counter(
                "beamline_quarantines_total", help: "Suspects that were lost alone on their worker.",
                quarantines.value),
            .counter(
                "beamline_breakers_half_opened_total", help: "Open breakers whose time has passed.",
                halfOpenBreakers.value),
            .counter(
                "beamline_limit_slots_missed_total",
                help: "Tokens that waited for a slot although one was free, found by the sweep.", missedSlots.value),
            .counter(
                "beamline_tokens_reranked_total", help: "Tokens whose queue has changed its order.",
                rerankedTokens.value),
            .counter("beamline_runs_ended_total", help: "Runs whose end was committed by this node.", runsEnded.value),
            .counter("beamline_commits_total", help: "Batches committed.", commits.value),
            .histogram("beamline_commit_runs", help: "Runs in a committed batch.", commitRuns),
            .histogram("beamline_commit_seconds", help: "Time of a store commit.", commitSeconds),
            .histogram("beamline_command_seconds", help: "From accepting a command to its answer.", commandSeconds),
            .counter(
                "beamline_lost_races_total", help: "Runs excluded because the revision moved on.", lostRaces.value),
            .counter(
                "beamline_outcomes_stale_total", help: "Outcomes of attempts that no longer count.", staleOutcomes.value
            ),
            .counter("beamline_outcomes_repeated_total", help: "Outcomes recorded before.", repeatedOutcomes.value),
            .counter("beamline_outcomes_recorded_total", help: "Outcomes recorded.", recordedOutcomes.value),
            .counter("beamline_starts_duplicate_total", help: "Starts under a taken key.", duplicateStarts.value),
            .counter(
                "beamline_commands_refused_total", help: "Commands that the database refused.", refusedCommands.value),
            .counter("beamline_commands_overloaded_total", help: "Commands refused by a full lane.", overloads.value),
            .counter("beamline_store_failures_total", help: "Store calls that found no database.", storeFailures.value),
            .counter("beamline_run_loads_total", help: "Runs loaded because memory did not hold them.", runLoads.value),
            .counter(
                "beamline_leases_fast_total", help: "Tasks leased by the commit that made them ready.", fastLeases.value
            ),
            .counter(
                "beamline_leases_fast_refused_total", help: "Asked-for leases not granted.", fastLeasesRefused.value),
            .counter("beamline_claims_total", help: "Claim statements.", claims.value),
            .counter("beamline_claims_empty_total", help: "Claim statements that found nothing.", emptyClaims.value),
            .counter("beamline_claimed_tasks_total", help: "Tasks leased by claims.", claimedTasks.value),
            .counter("beamline_assignments_total", help: "Tasks offered to workers.", assignments.value),
            .counter("beamline_offers_refused_total", help: "Offers that a stream did not take.", refusedOffers.value),
            .counter(
                "beamline_revocations_total", help: "Assignments revoked because they were not started.",
                revocations.value),
            .counter(
                "beamline_attempts_timed_out_by_server_total", help: "Attempts ended by the server's backstop.",
                serverTimeouts.value),
            .counter("beamline_rescues_total", help: "Attempts whose session had died.", rescues.value),
            .counter(
                "beamline_stray_leases_total", help: "Leases of connected workers that no node knew of.",
                strayLeases.value),
            .counter("beamline_deadlines_total", help: "Run deadlines that fell due.", firedDeadlines.value),
            .counter("beamline_inbox_messages_total", help: "Inbox messages swept.", inboxMessages.value),
            .counter("beamline_event_rows_total", help: "Event rows read.", eventRows.value),
            .counter("beamline_event_resyncs_total", help: "Readers told to resynchronise.", resyncs.value),
            .counter(
                "beamline_quota_corrections_total",
                help: "Active runs by which a tenant's count was off when it was counted anew.", quotaCorrections.value),
            MetricFamily(
                "beamline_quota_refusals_total", help: "Submissions refused because a quota was used up.",
                kind: .counter,
                samples: zip(QuotaKind.allCases, quotaRefusals).map { kind, counter in
                    MetricFamily.Sample(Double(counter.value), labels: [("quota", kind.name)])
                }),
            .counter("beamline_sessions_lost_total", help: "Worker sessions whose lease ended.", lostSessions.value),
        ]
    }
}
