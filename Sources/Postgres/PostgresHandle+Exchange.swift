private import CPostgres
private import Glibc

extension PostgresHandle {
    /// Where a pipeline stands among transactions.
    enum Frame: Equatable {
        /// The statements commit by themselves.
        case implicit
        /// BEGIN before them and COMMIT after them.
        case transaction
        /// Inside a transaction of the caller, which BEGIN opens if it is given.
        case inside(begin: PostgresStatement?)
        /// COMMIT after them.
        case closing
    }

    /// What a result belongs to.
    private enum Role: Equatable {
        case prepare(String)
        case begin
        case statement(Int)
        case commit
    }

    /// How a wait for the server may end before its answer.
    struct Patience {
        var thread: PostgresThread
        var interrupts: PostgresInterrupts
        var responseLimit: Duration?
        var deadline: ContinuousClock.Instant?
        var cancelSent = false

        /// How long a cancelled statement may take to end.
        static let grace: Duration = .seconds(10)
    }

    /// Sends a pipeline and reads all its answers: one round trip, and one more ROLLBACK when a transaction failed.
    mutating func exchange(
        _ pipeline: borrowing PostgresPipeline, frame: Frame, patience: inout Patience
    ) -> Result<[PostgresResult], PostgresError> {
        guard readIdleBeforeUse() else { return .failure(PostgresError(.connectionLost)) }
        for index in 0..<pipeline.entries.count {
            let entry = pipeline.entries[index]
            let bound = pipeline.parameters.slots[entry.slots].map(\.type)
            guard bound == entry.statement.parameterTypes else {
                return .failure(
                    PostgresError(
                        .misuse, reason: "the bound types \(bound.map(\.rawValue)) are not the declared ones",
                        statementIndex: index))
            }
        }
        let outcome = runPipeline(pipeline, frame: frame, patience: &patience)
        guard let raw = unsafe raw, isOpen else {
            close()
            return outcome
        }
        unsafe PQexitPipelineMode(raw)
        if case .failure(let error) = outcome {
            if error.isConnectionLoss { close() }
            if case .inside = frame { return outcome }
            rollBack(patience: &patience)
        }
        return outcome
    }

    /// Runs a script of several statements by the simple protocol; outside a transaction the script is one.
    mutating func run(script: String, patience: inout Patience) -> Result<Void, PostgresError> {
        guard readIdleBeforeUse(), let raw = unsafe raw else { return .failure(PostgresError(.connectionLost)) }
        guard unsafe PQsendQuery(raw, script) == 1 else {
            let reason = unsafe Self.text(PQerrorMessage(raw))
            close()
            return .failure(PostgresError(.misuse, reason: reason))
        }
        var failure: PostgresError?
        do throws(PostgresError) {
            while let result = unsafe try next(&patience) {
                defer { unsafe PQclear(result) }
                let status = unsafe PQresultStatus(result)
                if status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE {
                    let error = unsafe Self.error(of: result, statementIndex: nil)
                    failure = failure ?? error
                    if unsafe Self.endsSession(result) || !isOpen { throw PostgresError(.connectionLost) }
                }
            }
        } catch {
            close()
            return .failure(PostgresError(.unknownOutcome, reason: error.reason))
        }
        if let failure { return .failure(patience.cancelSent ? failure.asCancelled : failure) }
        return .success(())
    }

    /// Commits the transaction that is open.
    mutating func commit(patience: inout Patience) -> Result<Void, PostgresError> {
        let outcome = exchange(PostgresPipeline(.single), frame: .closing, patience: &patience)
        return outcome.map { _ in }
    }

    /// Ends a transaction that is still open. A connection on which that fails is closed.
    mutating func rollBack(patience: inout Patience) {
        guard isOpen, isInTransaction else { return }
        var pipeline = PostgresPipeline(.single)
        pipeline.add(.rollback)
        let outcome = runPipeline(pipeline, frame: .inside(begin: nil), patience: &patience)
        if let raw = unsafe raw { unsafe PQexitPipelineMode(raw) }
        if case .failure = outcome { close() }
        if isInTransaction { close() }
    }

    private mutating func readIdleBeforeUse() -> Bool {
        guard let raw = unsafe raw, isOpen else { return false }
        var descriptor = pollfd(fd: unsafe PQsocket(raw), events: Int16(POLLIN), revents: 0)
        while unsafe poll(&descriptor, 1, 0) > 0 {
            guard unsafe PQconsumeInput(raw) == 1, isOpen else {
                close()
                return false
            }
            // Parses, so that what the server said unasked does not stand in the way.
            unsafe PQisBusy(raw)
        }
        return true
    }

    private mutating func runPipeline(
        _ pipeline: borrowing PostgresPipeline, frame: Frame, patience: inout Patience
    ) -> Result<[PostgresResult], PostgresError> {
        guard let raw = unsafe raw, unsafe PQenterPipelineMode(raw) == 1 else {
            close()
            return .failure(PostgresError(.connectionLost))
        }
        var roles: [Role] = []
        roles.reserveCapacity(pipeline.count + 4)
        guard send(pipeline, frame: frame, roles: &roles) else {
            let reason = unsafe Self.text(PQerrorMessage(raw))
            let wasOpen = isOpen
            close()
            // The COMMIT and the Sync were not sent: nothing can have happened.
            return .failure(wasOpen ? PostgresError(.misuse, reason: reason) : PostgresError(.connectionLost))
        }
        return receive(roles, frame: frame, patience: &patience)
    }

    // MARK: Sending

    private mutating func send(
        _ pipeline: borrowing PostgresPipeline, frame: Frame, roles: inout [Role]
    ) -> Bool {
        guard let raw = unsafe raw else { return false }
        let parameters = pipeline.parameters
        switch frame {
        case .implicit, .closing: break
        case .transaction: guard send(.begin, as: .begin, roles: &roles) else { return false }
        case .inside(let begin):
            if let begin { guard send(begin, as: .begin, roles: &roles) else { return false } }
        }
        for index in 0..<pipeline.entries.count {
            let entry = pipeline.entries[index]
            guard send(entry, index: index, parameters: parameters, roles: &roles) else { return false }
        }
        if frame == .transaction || frame == .closing {
            guard send(.commit, as: .commit, roles: &roles) else { return false }
        }
        return unsafe PQpipelineSync(raw) == 1
    }

    /// A statement of this module, without parameters.
    private mutating func send(_ statement: PostgresStatement, as role: Role, roles: inout [Role]) -> Bool {
        guard let raw = unsafe raw, prepare(statement, roles: &roles) else { return false }
        roles.append(role)
        return unsafe PQsendQueryPrepared(raw, serverName(statement), 0, nil, nil, nil, 1) == 1
    }

    private mutating func prepare(_ statement: PostgresStatement, roles: inout [Role]) -> Bool {
        guard let raw = unsafe raw else { return false }
        if prepared.contains(statement.name) || roles.contains(.prepare(statement.name)) { return true }
        roles.append(.prepare(statement.name))
        let types = statement.parameterTypes.map(\.rawValue)
        return unsafe PQsendPrepare(raw, serverName(statement), statement.sql, Int32(types.count), types) == 1
    }

    private mutating func send(
        _ entry: PostgresPipeline.Entry, index: Int, parameters: PostgresParameters, roles: inout [Role]
    ) -> Bool {
        guard let raw = unsafe raw else { return false }
        if entry.isPrepared { guard prepare(entry.statement, roles: &roles) else { return false } }
        roles.append(.statement(index))
        let count = Int32(entry.slots.count)
        return unsafe parameters.buffer.withBytes { (bytes: UnsafeRawBufferPointer) -> Bool in
            unsafe scratch.values.removeAll(keepingCapacity: true)
            scratch.lengths.removeAll(keepingCapacity: true)
            scratch.formats.removeAll(keepingCapacity: true)
            for slot in parameters.slots[entry.slots] {
                let address = unsafe bytes.baseAddress?.advanced(by: slot.offset)
                unsafe scratch.values.append(slot.length < 0 ? nil : address?.assumingMemoryBound(to: CChar.self))
                scratch.lengths.append(Int32(max(slot.length, 0)))
                scratch.formats.append(1)
            }
            if entry.isPrepared {
                return unsafe PQsendQueryPrepared(
                    raw, serverName(entry.statement), count, scratch.values, scratch.lengths, scratch.formats, 1) == 1
            }
            scratch.types.removeAll(keepingCapacity: true)
            for type in entry.statement.parameterTypes { scratch.types.append(type.rawValue) }
            return unsafe PQsendQueryParams(
                raw, entry.statement.sql, count, scratch.types, scratch.values, scratch.lengths, scratch.formats, 1)
                == 1
        }
    }

    // MARK: Receiving

    private mutating func receive(
        _ roles: [Role], frame: Frame, patience: inout Patience
    ) -> Result<[PostgresResult], PostgresError> {
        var results: [PostgresResult] = []
        results.reserveCapacity(roles.count)
        var failure: PostgresError?
        var isCommitted = false
        for role in roles {
            var index: Int?
            if case .statement(let number) = role { index = number }
            do throws(PostgresError) {
                guard let result = unsafe try next(&patience) else { throw PostgresError(.connectionLost) }
                switch unsafe PQresultStatus(result) {
                case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY, PGRES_NONFATAL_ERROR:
                    switch role {
                    case .prepare(let name): prepared.insert(name)
                    case .begin: break
                    case .commit:
                        isCommitted = unsafe Self.text(PQcmdStatus(result)) == "COMMIT"
                        if !isCommitted { failure = failure ?? PostgresError(.server(.inFailedTransaction)) }
                    case .statement:
                        results.append(unsafe PostgresResult(result))
                        try drain(&patience)
                        continue
                    }
                case PGRES_PIPELINE_ABORTED: break
                case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE:
                    let error = unsafe Self.error(of: result, statementIndex: index)
                    let ends = unsafe Self.endsSession(result)
                    unsafe PQclear(result)
                    if !isOpen || ends {
                        // The server's own words in place of this answer mean that it did not come to the commit.
                        let isTold = error.report != nil && role != .commit
                        return .failure(lost(frame, isDecided: isTold || failure != nil, error: error))
                    }
                    failure = failure ?? error
                    forget(error, role: role)
                    try drain(&patience)
                    continue
                default:
                    unsafe PQclear(result)
                    close()
                    return .failure(PostgresError(.misuse, reason: "COPY is not supported", statementIndex: index))
                }
                unsafe PQclear(result)
                try drain(&patience)
            } catch {
                if isCommitted { return .success(results) }
                return .failure(lost(frame, isDecided: failure != nil, error: error))
            }
        }
        do throws(PostgresError) {
            if let error = try awaitSync(&patience) { failure = failure ?? error }
        } catch {
            if isCommitted { return .success(results) }
            return .failure(lost(frame, isDecided: failure != nil, error: error))
        }
        if let failure { return .failure(patience.cancelSent ? failure.asCancelled : failure) }
        return .success(results)
    }

    /// Reads up to the end of the pipeline. An error there comes from the commit of an implicit transaction.
    private mutating func awaitSync(_ patience: inout Patience) throws(PostgresError) -> PostgresError? {
        var failure: PostgresError?
        while true {
            guard let result = unsafe try next(&patience) else {
                guard isOpen else { throw PostgresError(.connectionLost) }
                continue
            }
            defer { unsafe PQclear(result) }
            switch unsafe PQresultStatus(result) {
            case PGRES_PIPELINE_SYNC: return failure
            case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE:
                let error = unsafe Self.error(of: result, statementIndex: nil)
                if unsafe Self.endsSession(result) || !isOpen {
                    throw PostgresError(.connectionLost, reason: error.reason)
                }
                failure = failure ?? error
            default: break
            }
        }
    }

    /// The connection is gone: says what that means for the pipeline's transaction, and closes the handle.
    private mutating func lost(_ frame: Frame, isDecided: Bool, error: PostgresError) -> PostgresError {
        close()
        let reason = error.reason ?? error.report.map { "\($0.severity) \(error.sqlState?.description ?? "")" }
        let isInside: Bool
        switch frame {
        case .implicit, .transaction, .closing: isInside = false
        case .inside: isInside = true
        }
        guard isDecided || isInside else { return PostgresError(.unknownOutcome, reason: reason) }
        let kind: PostgresError.Kind = error.kind == .timedOut ? .timedOut : .connectionLost
        return PostgresError(kind, reason: reason, statementIndex: error.statementIndex)
    }

    /// A plan that the server no longer has, or that no longer fits its tables, is prepared anew the next time.
    private mutating func forget(_ error: PostgresError, role: Role) {
        guard error.sqlState == .featureNotSupported || error.sqlState == .invalidStatementName else { return }
        prepared.removeAll()
        generation += 1
    }

    private func serverName(_ statement: PostgresStatement) -> String {
        generation == 0 ? statement.name : "\(statement.name)_\(generation)"
    }

    private mutating func drain(_ patience: inout Patience) throws(PostgresError) {
        while let rest = unsafe try next(&patience) { unsafe PQclear(rest) }
    }

    /// The next result, nil at the end of a statement's results.
    private mutating func next(_ patience: inout Patience) throws(PostgresError) -> OpaquePointer? {
        guard let raw = unsafe raw else { throw PostgresError(.connectionLost) }
        patience.deadline = patience.responseLimit.map { .now + $0 }
        while true {
            let unsent = unsafe PQflush(raw)
            if unsafe PQisBusy(raw) == 0 { break }
            try wait(wantsWrite: unsent == 1, &patience)
            // A failure shows itself as an error result.
            if unsafe PQconsumeInput(raw) == 0 { break }
        }
        return unsafe PQgetResult(raw)
    }

    private func wait(wantsWrite: Bool, _ patience: inout Patience) throws(PostgresError) {
        guard let raw = unsafe raw else { throw PostgresError(.connectionLost) }
        let events = wantsWrite ? POLLIN | POLLOUT : POLLIN
        var descriptors = (
            pollfd(fd: unsafe PQsocket(raw), events: Int16(events), revents: 0),
            pollfd(fd: patience.thread.wakeDescriptor, events: Int16(POLLIN), revents: 0)
        )
        while true {
            var milliseconds: Int32 = -1
            if let deadline = patience.deadline {
                let left = ContinuousClock.now.duration(to: deadline)
                guard left > .zero else { throw PostgresError(.timedOut) }
                milliseconds = Int32(clamping: left / .milliseconds(1) < 2e9 ? Int(left / .milliseconds(1)) + 1 : .max)
            }
            let ready = unsafe withUnsafeMutableBytes(of: &descriptors) { bytes in
                unsafe poll(bytes.baseAddress?.assumingMemoryBound(to: pollfd.self), 2, milliseconds)
            }
            guard ready > 0 else { continue }
            if descriptors.1.revents != 0 {
                patience.thread.drainWake()
                if patience.interrupts.isCancelled, !patience.cancelSent {
                    patience.cancelSent = true
                    requestCancel()
                    let limit = ContinuousClock.now + Patience.grace
                    patience.deadline = min(patience.deadline ?? limit, limit)
                    patience.responseLimit = min(patience.responseLimit ?? Patience.grace, Patience.grace)
                }
            }
            if descriptors.0.revents != 0 { return }
        }
    }
}
