import Access
import HTTPClient
import JSON
import Logging
import Supervision
import Synchronization

/// An OpenID provider over the network: its keys are fetched and kept, people sign in at it.
///
/// Discovery 1.0, JWKS (RFC 7517), the code flow with PKCE. Every request has a time-out and follows no redirect.
final class OpenIDProvider: SignInProvider, IssuerKeySource, Sendable {
    /// From the start of a request to its last byte.
    static let timeout = Duration.seconds(5)

    private struct State {
        var schedule = IssuerKeySchedule()
        var metadata: ProviderMetadata?
        /// The fetch under way, which all who want one wait for.
        var fetch: Task<Void, any Error>?
        var lastFailure = "they were not asked for yet"
    }

    let configuration: IssuerConfiguration
    /// What its keys are now.
    let ring = KeyRing(nil)
    /// Raised at each change of the keys; one may wait for it.
    let changes = Signal()
    private let client: HTTPClient
    private let logger: Logger
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())

    /// - Parameter now: seconds since 1970.
    init(
        _ configuration: IssuerConfiguration, client: HTTPClient, logger: Logger, now: @escaping @Sendable () -> Int64
    ) {
        self.configuration = configuration
        self.client = client
        self.logger = logger
        self.now = now
    }

    /// The issuer of bearer tokens; `nil` where it is for signing in alone.
    var issuer: Issuer? { configuration.audience.map { issuer(audience: $0) } }

    private func issuer(audience: String) -> Issuer {
        Issuer(url: configuration.url, audience: audience, keys: ring, mapping: configuration.mapping, source: self)
    }

    // MARK: keys

    /// Fetches the keys from time to time until the task is cancelled, and lets go of those that are too old.
    func run() async throws {
        while true {
            let (wait, isTooOld) = state.withLock { state in
                (max(1, state.schedule.next(now: now()) - now()), !state.schedule.mayUse(now: now()))
            }
            if isTooOld, !ring.ids.isEmpty {
                ring.replace(nil)
                changes.raise()
                logger.error(
                    "the issuer's keys are too old; its tokens are refused",
                    metadata: ["issuer": "\(configuration.url)"])
            }
            if ring.ids.isEmpty || wait <= 1 { try? await fetch() }
            let pause = state.withLock { max(1, $0.schedule.next(now: now()) - now()) }
            try await Task.sleep(for: .seconds(pause))
        }
    }

    func refresh(now: Int64) async throws(IssuerUnavailable) -> Bool {
        let mayFetch = state.withLock { $0.fetch != nil || $0.schedule.mayFetch(now: now) }
        if mayFetch {
            do {
                try await fetch()
                return true
            } catch {
                // Said in the log by the fetch itself.
            }
        }
        guard ring.ids.isEmpty else { return false }
        throw IssuerUnavailable(issuer: configuration.url, reason: state.withLock { $0.lastFailure })
    }

    /// Fetches now, or waits for the fetch that is under way.
    private func fetch() async throws {
        let task = state.withLock { state in
            if let fetch = state.fetch { return fetch }
            state.schedule.began(now: now())
            // Its own task: the request that caused it may go away, others wait for it, too.
            let task = Task { try await self.fetchOnce() }
            state.fetch = task
            return task
        }
        try await task.value
    }

    private func fetchOnce() async throws {
        do {
            let metadata = try await discover()
            let answer = try await get(metadata.keysURL, limit: KeySet.maximumLength)
            let keys = try KeySet(json: answer.body, origin: .issuer)
            let before = ring.ids
            ring.replace(keys)
            state.withLock { state in
                state.fetch = nil
                state.metadata = metadata
                state.schedule.succeeded(
                    now: now(), maxAge: IssuerKeySchedule.maxAge(answer.field("cache-control")))
            }
            // What was remembered under a key that has left is forgotten.
            if !Set(before).isSubset(of: keys.ids) { changes.raise() }
            if before != keys.ids {
                logger.notice(
                    "the issuer's keys were taken",
                    metadata: ["issuer": "\(configuration.url)", "keys": "\(keys.ids.joined(separator: " "))"])
            }
        } catch {
            state.withLock { state in
                state.fetch = nil
                state.schedule.failed()
                state.lastFailure = "\(error)"
            }
            logger.warning(
                "the issuer's keys cannot be fetched",
                metadata: ["issuer": "\(configuration.url)", "error": "\(error)"])
            throw error
        }
    }

    private func discover() async throws -> ProviderMetadata {
        let answer = try await get(
            ProviderMetadata.url(of: configuration.url), limit: ProviderMetadata.maximumLength)
        return try ProviderMetadata(json: answer.body, issuer: configuration.url)
    }

    private func get(_ url: String, limit: Int) async throws -> IncomingResponse {
        let answer = try await send(OutgoingRequest(url: url, fields: [("accept", "application/json")]), limit: limit)
        guard answer.status == 200 else { throw ProviderError("\(url) answers \(answer.status)") }
        return answer
    }

    private func send(_ request: OutgoingRequest, limit: Int) async throws(HTTPClientError) -> IncomingResponse {
        var request = request
        request.timeout = Self.timeout
        request.connectTimeout = Self.timeout
        request.bodyLimit = limit
        request.certificateAuthorities = configuration.certificateAuthorities
        return try await client.send(request)
    }

    // MARK: signing in

    var name: String { configuration.name }
    var title: String { configuration.title }
    var issuerURL: String { configuration.url }

    func url(for request: SignInRequest) async throws(SignInFailure) -> String {
        let (client, metadata) = (try clientConfiguration(), try await self.metadata())
        guard let endpoint = metadata.authorizationURL else {
            throw SignInFailure(.provider, "its discovery document has no authorization_endpoint")
        }
        return request.url(
            at: endpoint, clientID: client.id, redirectURL: client.redirectURL(issuer: name), scopes: client.scopes)
    }

    func signIn(code: String, for request: SignInRequest, now: Int64) async throws(SignInFailure) -> SignIn {
        let client = try clientConfiguration()
        let text = try await idToken(code: code, for: request, client)
        let token: IDToken
        do {
            token = try await IDTokenVerifier(issuer: issuer(audience: client.id), clientID: client.id).verify(
                text, nonce: request.nonce, now: now)
        } catch let error as IssuerUnavailable {
            throw SignInFailure(.provider, error.description)
        } catch { throw SignInFailure(.token, "the ID token is refused: \(error)") }
        do throws(TokenError) {
            return SignIn(try token.principal(by: configuration.mapping), expiresAt: now + client.lifetime)
        } catch { throw SignInFailure(.account, error.description) }
    }

    private func clientConfiguration() throws(SignInFailure) -> IssuerConfiguration.Client {
        guard let client = configuration.client else { throw SignInFailure(.provider, "it has no client here") }
        return client
    }

    private func metadata() async throws(SignInFailure) -> ProviderMetadata {
        let (known, mayFetch, lastFailure) = state.withLock { state in
            (state.metadata, state.fetch != nil || state.schedule.mayFetch(now: now()), state.lastFailure)
        }
        if let known { return known }
        // Nobody's clicks are a reason to ask a provider that has just failed to answer.
        guard mayFetch else { throw SignInFailure(.provider, lastFailure) }
        do { try await fetch() } catch { throw SignInFailure(.provider, "\(error)") }
        guard let known = state.withLock({ $0.metadata }) else {
            throw SignInFailure(.provider, "its discovery document is not known")
        }
        return known
    }

    private func idToken(
        code: String, for request: SignInRequest, _ client: IssuerConfiguration.Client
    ) async throws(SignInFailure) -> String {
        let metadata = try await self.metadata()
        guard let endpoint = metadata.tokenURL else {
            throw SignInFailure(.provider, "its discovery document has no token_endpoint")
        }
        var form = request.tokenForm(code: code, redirectURL: client.redirectURL(issuer: name))
        var fields = [("accept", "application/json"), ("content-type", "application/x-www-form-urlencoded")]
        do {
            switch (try client.secret(), metadata.secretInBody) {
            case (nil, _): form.append(("client_id", client.id))
            case (let secret?, true): form += [("client_id", client.id), ("client_secret", secret)]
            case (let secret?, false):
                fields.append(("authorization", ClientCredentials.basic(id: client.id, secret: secret)))
            }
            let answer = try await send(
                OutgoingRequest(
                    method: "POST", url: endpoint, fields: fields, body: Array(FormEncoding.encode(form).utf8)),
                limit: 256 << 10)
            let json = try? JSONValue(parsing: answer.body)
            guard answer.status == 200, let token = json?["id_token"]?.stringValue else {
                throw ProviderError(
                    "its token endpoint answers \(answer.status) \(json?["error"]?.stringValue ?? "without an id_token")"
                )
            }
            return token
        } catch { throw SignInFailure(.provider, "\(error)") }
    }
}

extension IssuerConfiguration.Client {
    /// Read for each sign-in, so that a new secret needs no restart.
    func secret() throws -> String? {
        guard let secretFile else { return nil }
        guard let bytes = try DurableFile.read(secretFile) else {
            throw DurableFile.Failure("\(secretFile) is missing: it holds the client secret of the OpenID provider")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        return String(text.prefix { !$0.isNewline })
    }
}
