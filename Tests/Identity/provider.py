"""An OpenID provider of Authlib and Flask on a site of its own (localhost), with people who have passwords.

Beamline's own code is not in it, so that both sides of the protocol are not written by one hand.
"""

import logging
import threading
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from authlib.oidc.core.models import AuthorizationCodeMixin
from flask import Flask, jsonify, redirect, request, session
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

logging.getLogger("werkzeug").setLevel(logging.ERROR)

LOGIN = """<!doctype html><title>Provider</title><h1>Who are you?</h1>
<form method="post"><label>Name <input name="name"></label>
<label>Password <input name="password" type="password"></label><button>Sign in</button></form>{}"""


class Person:
    def __init__(self, name, password, groups):
        self.name, self.password, self.groups = name, password, groups

    def get_user_id(self):
        return self.name


class OAuthClient(ClientMixin):
    def __init__(self, id, secret, redirect_uris):
        self.id, self.secret, self.redirect_uris = id, secret, redirect_uris

    def get_client_id(self):
        return self.id

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return " ".join(word for word in (scope or "").split() if word in ("openid", "groups"))

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret):
        return client_secret == self.secret

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type == "authorization_code"


class Code(AuthorizationCodeMixin):
    def __init__(self, code, payload, person):
        self.code, self.person, self.at = code, person, int(time.time())
        self.redirect_uri, self.scope = payload.redirect_uri, payload.scope
        self.nonce = payload.data.get("nonce")
        self.code_challenge = payload.data.get("code_challenge")
        self.code_challenge_method = payload.data.get("code_challenge_method")

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return self.nonce

    def get_auth_time(self):
        return self.at


class Provider:
    """Runs in a thread until `stop`."""

    def __init__(self, port, people, client):
        self.url = f"http://localhost:{port}"
        self.people = {person.name: person for person in people}
        self.client = client
        self.codes = {}
        self.nonces = set()
        self.rotate("first")
        self.server = make_server("localhost", port, self._app(), threaded=True)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def rotate(self, kid):
        """From now on tokens are signed with another key, and the old one is published no more."""
        self.key = RSAKey.generate_key(2048, {"kid": kid, "alg": "RS256", "use": "sig"}, private=True)

    def stop(self):
        self.server.shutdown()
        self.thread.join()

    def _app(self):
        provider = self
        app = Flask("provider")
        app.secret_key = "for the length of a test"
        app.config["SESSION_COOKIE_NAME"] = "provider_session"

        class CodeGrant(grants.AuthorizationCodeGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]

            def save_authorization_code(self, code, request):
                provider.codes[code] = Code(code, request.payload, request.user)
                provider.nonces.add(provider.codes[code].nonce)

            def query_authorization_code(self, code, client):
                return provider.codes.get(code)

            def delete_authorization_code(self, authorization_code):
                del provider.codes[authorization_code.code]

            def authenticate_user(self, authorization_code):
                return authorization_code.person

        class OpenID(OpenIDCode):
            def exists_nonce(self, nonce, request):
                return nonce in provider.nonces

            def resolve_client_private_key(self, client):
                return provider.key

            def get_client_claims(self, client):
                return {"iss": provider.url, "aud": [client.get_client_id()]}

            def get_encode_header(self, client):
                return {"alg": "RS256", "kid": provider.key.kid}

            def generate_user_info(self, user, scope):
                return UserInfo(sub=user.name, groups=user.groups)

        server = AuthorizationServer(
            app, query_client=lambda id: provider.client if id == provider.client.id else None, save_token=lambda token, request: None)
        server.register_grant(CodeGrant, [OpenID(require_nonce=True), CodeChallenge(required=True)])

        @app.get("/.well-known/openid-configuration")
        def discovery():
            return jsonify(
                issuer=provider.url, jwks_uri=f"{provider.url}/keys", authorization_endpoint=f"{provider.url}/authorize",
                token_endpoint=f"{provider.url}/token", token_endpoint_auth_methods_supported=["client_secret_basic"])

        @app.get("/keys")
        def keys():
            return jsonify(keys=[provider.key.as_dict(private=False)])

        @app.route("/authorize", methods=["GET", "POST"])
        def authorize():
            person = provider.people.get(session.get("name"))
            if request.method == "POST":
                person = provider.people.get(request.form["name"])
                if person is None or person.password != request.form["password"]:
                    return LOGIN.format("<p class=error>That is not right.</p>"), 403
                session["name"] = person.name
                return redirect(request.full_path)
            if person is None:
                return LOGIN.format("")
            return server.create_authorization_response(grant_user=person, grant=server.get_consent_grant(end_user=person))

        @app.post("/token")
        def token():
            return server.create_token_response()

        @app.get("/leave")
        def leave():
            session.clear()
            return "<!doctype html><title>Left</title><h1>You have left.</h1>"

        return app
