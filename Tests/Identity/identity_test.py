"""Signing in to the dashboard at a provider on another site, in headless Chromium, over two nodes.

    python3 Tests/Identity/identity_test.py [a test's name]
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from playwright.sync_api import sync_playwright

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "Support"), os.path.join(HERE, "..", "Pages"), HERE]
from cluster import Cluster  # noqa: E402
from provider import OAuthClient, Person, Provider  # noqa: E402
from stage import ROOT, Client, Stage, free_port, ready, until  # noqa: E402


def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    raise SystemExit("Chromium is missing: apt-get install chromium")


class IdentityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="beamline-identity-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.stop)
        cls.stage = Stage(cls.cluster, cls.folder)
        cls.addClassCleanup(cls.stage.end)
        certificate, key = os.path.join(cls.folder, "cert.pem"), os.path.join(cls.folder, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
            check=True, capture_output=True)
        # The provider sends browsers back to the second node, whichever they came from.
        second = free_port()
        callback = f"https://127.0.0.1:{second}/v1/session/oidc/company/callback"
        cls.provider = Provider(
            free_port(), [Person("ada", "correct horse", ["ops"]), Person("eve", "battery staple", ["tennis"])],
            OAuthClient("beamline", "s3cret", [callback]))
        cls.addClassCleanup(cls.provider.stop)
        with open(os.path.join(cls.folder, "secret"), "w") as file:
            file.write("s3cret\n")
        identity = os.path.join(cls.folder, "identity.json")
        with open(identity, "w") as file:
            json.dump({"issuers": [{
                "name": "company", "title": "Company", "url": cls.provider.url, "tenant": {"name": "default"},
                "roles": {"claim": "groups", "map": {"ops": ["operator"]}},
                "client": {"id": "beamline", "secret_file": os.path.join(cls.folder, "secret"),
                           "scopes": ["openid", "groups"], "public_url": f"https://127.0.0.1:{second}"},
            }]}, file)
        tls = {"tls_certificate": certificate, "tls_key": key, "identity": identity}
        cls.first = cls.stage.server("first", **tls)
        cls.second = cls.stage.server("second", port=second, **tls)
        ready(cls.first.url)
        ready(cls.second.url)
        cls.admin = Client(cls.first.url, cls.stage.token("admin"))
        cls.admin.apply("name: identity/one\nsteps:\n  - { id: a, uses: noop }\n")
        cls.playwright = sync_playwright().start()
        cls.addClassCleanup(cls.playwright.stop)
        cls.browser = cls.playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.context = self.browser.new_context(ignore_https_errors=True)
        self.addCleanup(self.context.close)
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)

    def sign_in(self, name="ada", password="correct horse", at=None):
        self.page.goto(at or self.first.url)
        self.page.get_by_role("link", name="Sign in with Company").click()
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def cookies(self):
        return {cookie["name"]: cookie for cookie in self.context.cookies(self.first.url)}

    def fetch(self, method, path, page=None, **headers):
        """What a script of the page's own gets."""
        return (page or self.page).evaluate(
            """async ([method, url, headers]) => {
                try {
                    const answer = await fetch(url, { method, headers, credentials: "include", body: method === "POST" ? "{\\"workflow\\":\\"identity/one\\"}" : undefined });
                    return { status: answer.status, body: await answer.json().catch(() => null) };
                } catch (error) { return { status: 0, body: null }; }
            }""", [method, path, headers])

    def test_a_person_signs_in_by_a_password_typed_at_another_site(self):
        self.page.goto(f"{self.first.url}/#/runs")
        self.page.get_by_role("link", name="Sign in with Company").click()
        self.assertTrue(self.page.url.startswith(self.provider.url), self.page.url)
        self.page.get_by_label("Name").fill("ada")
        self.page.get_by_label("Password").fill("wrong")
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_selector("text=That is not right.")
        self.page.get_by_label("Name").fill("ada")
        self.page.get_by_label("Password").fill("correct horse")
        self.page.get_by_role("button", name="Sign in").click()
        # Back at the other node.
        self.page.wait_for_selector(".who:text('company:ada')")
        self.assertTrue(self.page.url.startswith(self.second.url + "/"), self.page.url)
        self.assertNotIn("code=", self.page.url)
        cookie = self.cookies()["__Host-beamline_session"]
        self.assertTrue(cookie["httpOnly"] and cookie["secure"])
        self.assertEqual((cookie["sameSite"], cookie["path"]), ("Lax", "/"))
        self.assertEqual(self.page.evaluate("document.cookie"), "")
        self.assertNotIn("__Host-beamline_sign_in", self.cookies())
        # The session is known at the first node as well.
        self.page.goto(f"{self.first.url}/#/runs")
        self.page.wait_for_selector(".who:text('company:ada')")

    def test_changes_need_the_page_s_own_token_and_the_page_s_own_site(self):
        self.sign_in()
        self.page.wait_for_selector(".who:text('company:ada')")
        session = self.fetch("GET", "/v1/session")["body"]
        self.assertEqual(session["roles"], ["operator"])
        json_type = {"content-type": "application/json"}
        self.assertEqual(self.fetch("POST", "/v1/runs", **json_type)["body"]["code"], "csrf_token")
        forged = self.fetch("POST", "/v1/runs", **json_type, **{"x-csrf-token": "x" * 43})
        self.assertEqual((forged["status"], forged["body"]["code"]), (403, "csrf_token"))
        runs = len(self.admin.call("GET", "/v1/runs")["runs"])
        made = self.fetch("POST", "/v1/runs", **json_type, **{"x-csrf-token": session["csrf_token"]})
        self.assertEqual(made["status"], 201)
        # Another site's page, even with the token in hand: neither by script nor by a form.
        other = self.context.new_page()
        other.goto(f"{self.provider.url}/leave")
        url = f"{self.second.url}/v1/runs"
        self.assertEqual(self.fetch("POST", url, other, **json_type, **{"x-csrf-token": session["csrf_token"]})["status"], 0)
        self.assertIn(self.fetch("POST", url, other, **{"content-type": "text/plain"})["status"], (0, 401, 403))
        with other.expect_response(lambda answer: answer.url == url) as answered:
            other.evaluate(
                """url => { const form = document.createElement("form"); form.method = "post"; form.action = url;
                    document.body.append(form); form.submit(); }""", url)
        self.assertIn(answered.value.status, (401, 403))
        self.assertEqual(len(self.admin.call("GET", "/v1/runs")["runs"]), runs + 1)

    def test_signing_out_ends_the_session_on_every_node(self):
        self.sign_in()
        self.page.wait_for_selector(".who:text('company:ada')")
        kept = self.cookies()["__Host-beamline_session"]["value"]
        self.page.get_by_role("button", name="Sign out").click()
        self.page.get_by_role("link", name="Sign in with Company").wait_for()
        self.assertNotIn("__Host-beamline_session", self.cookies())
        thief = self.browser.new_context(ignore_https_errors=True, extra_http_headers={"cookie": f"__Host-beamline_session={kept}"})
        self.addCleanup(thief.close)
        for node in (self.first, self.second):
            until("the node refuses the cookie", lambda: thief.request.get(f"{node.url}/v1/runs").status == 401, seconds=5)

    def test_a_person_without_a_role_here_is_told_so(self):
        self.sign_in("eve", "battery staple")
        self.page.wait_for_selector(".error:text('no role here')")
        self.assertNotIn("__Host-beamline_session", self.cookies())

    def test_a_way_back_that_this_browser_did_not_ask_for_signs_nobody_in(self):
        self.sign_in("ada", "wrong")
        # An answer to another browser's request, as in login CSRF.
        self.page.goto(f"{self.second.url}/v1/session/oidc/company/callback?code=x&state={'a' * 43}")
        self.page.wait_for_selector(".error:text('begun in another browser')")
        self.assertNotIn("__Host-beamline_session", self.cookies())

    def test_a_provider_that_has_rotated_its_key_is_followed(self):
        self.provider.rotate("second")
        # The nodes ask for unknown keys at most every ten seconds, and have just done so at their start.
        def signed_in():
            with self.browser.new_context(ignore_https_errors=True) as context:
                self.context, self.page = context, context.new_page()
                self.sign_in(at=self.second.url)
                self.page.wait_for_selector(".who, .error")
                return self.page.locator(".who").count() == 1
        until("the new key is taken", signed_in, seconds=40)

    def test_plain_text_of_the_session_stands_nowhere_in_the_database(self):
        self.sign_in()
        self.page.wait_for_selector(".who:text('company:ada')")
        kept = self.cookies()["__Host-beamline_session"]["value"]
        rows = self.cluster.sql("SELECT row_to_json(s)::text FROM sign_in_sessions s")
        self.assertTrue(rows)
        self.assertFalse([row for row in rows if kept in row[0] or kept[4:] in row[0]])


if __name__ == "__main__":
    unittest.main(verbosity=2)
