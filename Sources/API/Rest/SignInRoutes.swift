import Access
import HTTP
import JSON
import Logging
import Telemetry

/// `/v1/session/oidc`: people sign in at a provider and come back with a session's cookie.
///
/// Browsers come here by navigation, so every end is a redirection to the dashboard, which has a sentence for each code.
struct SignInRoutes: Sendable {
    private let store: any AccessStore
    private let gate: Gate
    private let providers: [any SignInProvider]
    private let logger: Logger

    init(parts: APIParts, gate: Gate) {
        store = parts.access
        providers = parts.signIn
        logger = parts.logger
        self.gate = gate
    }

    var routes: [Route] {
        [
            Route(open: "GET", "/v1/session/providers", "listSignInProviders", list),
            Route(openAt: "GET", "/v1/session/oidc/{name}", "startSignIn", start),
            Route(
                openAt: "GET", "/v1/session/oidc/{name}/callback", "finishSignIn",
                parameters: ["code", "state", "iss", "error", "error_description"], finish),
        ]
    }

    private func list(_ request: HTTPRequest, _ requestID: String) async throws -> HTTPResponse {
        .json { writer in
            writer.object { members in
                members.member("providers") { writer in
                    writer.array(providers) { writer, provider in
                        writer.object { members in
                            members.string("name", provider.name)
                            members.string("title", provider.title)
                        }
                    }
                }
            }
        }
    }

    private func start(
        _ request: HTTPRequest, _ parameters: [String: String], _ requestID: String
    ) async throws -> HTTPResponse {
        let provider = try provider(parameters)
        var generator = SystemRandomNumberGenerator()
        let signIn = SignInRequest(using: &generator)
        do {
            let url = try await provider.url(for: signIn)
            return redirect(
                to: url, cookie: SignInCookie.set(signIn, provider: provider.name, secure: request.isTLS))
        } catch {
            return failed(error, provider, request, requestID)
        }
    }

    private func finish(
        _ request: HTTPRequest, _ parameters: [String: String], _ requestID: String
    ) async throws -> HTTPResponse {
        let provider = try provider(parameters)
        let session: (text: SessionText, expiresAt: Int64)
        do {
            session = try await signIn(request, provider)
        } catch let error as SignInFailure {
            return failed(error, provider, request, requestID)
        }
        var response = redirect(
            to: "/",
            cookie: SessionCookie.set(
                session.text.text, maxAge: session.expiresAt - gate.seconds, secure: request.isTLS))
        response.fields.append("set-cookie", SignInCookie.clear(secure: request.isTLS))
        return response
    }

    /// A new session, if the browser that came back is the one that left, and the provider vouches for its person.
    private func signIn(
        _ request: HTTPRequest, _ provider: any SignInProvider
    ) async throws -> (text: SessionText, expiresAt: Int64) {
        let answer = AuthorizationAnswer(query: request.query)
        let cookies = request.fields.values(of: "cookie")
        guard let begun = SignInCookie.request(in: cookies, provider: provider.name, secure: request.isTLS),
            answer["state"] == begun.state
        else {
            throw SignInFailure(.request, "the state is not that of a sign-in which this browser has under way")
        }
        if let issuer = answer["iss"], issuer != provider.issuerURL {
            throw SignInFailure(.provider, "the answer is another issuer's: \(issuer)")
        }
        if let error = answer["error"] {
            throw SignInFailure(.denied, "the provider answers \(error): \(answer["error_description"] ?? "")")
        }
        guard let code = answer["code"], (1...4096).contains(code.utf8.count) else {
            throw SignInFailure(.provider, "the answer has neither a code nor an error")
        }
        // Each code costs a request to the provider.
        try gate.limiter.checkFailures(of: request)
        let signIn: SignIn
        do {
            signIn = try await provider.signIn(code: code, for: begun, now: gate.seconds)
        } catch {
            gate.limiter.noteFailure(of: request)
            throw error
        }
        var generator = SystemRandomNumberGenerator()
        let session = SessionText(using: &generator)
        guard try await store.addSession(session, for: signIn) else {
            throw SignInFailure(.account, "the tenant \(signIn.tenant) is not there, or it or the user is suspended")
        }
        logger.info(
            "signed in",
            metadata: [
                "subject": "\(signIn.subject)", "tenant": "\(signIn.tenant)", "session": "\(session.id)",
                "peer": "\(request.peer)",
            ])
        return (session, signIn.expiresAt)
    }

    private func provider(_ parameters: [String: String]) throws(Problem) -> any SignInProvider {
        let name = parameters["name"] ?? ""
        guard let provider = providers.first(where: { $0.name == name }) else {
            throw Problem(404, "provider_not_found", "People cannot sign in at \"\(name)\" here.")
        }
        return provider
    }

    private func failed(
        _ failure: SignInFailure, _ provider: any SignInProvider, _ request: HTTPRequest, _ requestID: String
    ) -> HTTPResponse {
        logger.notice(
            "nobody was signed in",
            metadata: [
                "provider": "\(provider.name)", "code": "\(failure.code.rawValue)", "detail": "\(failure)",
                "peer": "\(request.peer)", "request_id": "\(requestID)",
            ])
        return redirect(
            to: "/#sign-in-error=\(failure.code.rawValue)", cookie: SignInCookie.clear(secure: request.isTLS))
    }

    private func redirect(to url: String, cookie: String) -> HTTPResponse {
        HTTPResponse(
            status: 303,
            fields: [
                "location": url, "set-cookie": cookie, "cache-control": "no-store", "referrer-policy": "no-referrer",
            ])
    }
}

/// What a provider puts into the query when it sends a browser back (RFC 6749 §4.1.2). Providers add parameters of
/// their own, which are passed over; one that stands twice is none.
struct AuthorizationAnswer: Sendable {
    private var values: [String: String?] = [:]

    init(query: String?) {
        for pair in (query ?? "").split(separator: "&") {
            let equals = pair.firstIndex(of: "=") ?? pair.endIndex
            let after = equals == pair.endIndex ? equals : pair.index(after: equals)
            guard let name = PercentEncoding.decode(pair[..<equals], plusIsSpace: true),
                let value = PercentEncoding.decode(pair[after...], plusIsSpace: true)
            else { continue }
            values[name] = .some(values[name] == nil ? value : nil)
        }
    }

    subscript(name: String) -> String? { values[name] ?? nil }
}
