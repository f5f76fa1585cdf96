"""The dashboard in headless Chromium against real servers: live without a reload, no console error, http and https.

    python3 Tests/Pages/pages_test.py [--screenshots FOLDER]
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from playwright.sync_api import sync_playwright

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Support"))
from cluster import Cluster  # noqa: E402
from stage import Client, Stage, ready, until  # noqa: E402

SCREENSHOTS = None
# Each step waits for a file, so that the test decides when a state ends.
WORKFLOW = """
name: pages/steps
inputs:
  type: object
  required: [folder]
  properties: { folder: { type: string } }
steps:
  - { id: read, uses: shell, with: { command: [sh, -c, 'echo reading; until [ -e "$1/read" ]; do sleep 0.05; done; echo "{\\"lines\\": 3}" > "$BEAMLINE_OUTPUT"', sh, "${{ inputs.folder }}"] } }
  - { id: left, needs: [read], uses: shell, with: { command: [sh, -c, 'until [ -e "$1/left" ]; do sleep 0.05; done', sh, "${{ inputs.folder }}"] } }
  - { id: right, needs: [read], uses: shell, with: { command: [sh, -c, 'until [ -e "$1/right" ]; do sleep 0.05; done', sh, "${{ inputs.folder }}"] } }
  - { id: join, needs: [left, right], uses: noop }
"""

APPROVAL = """
name: pages/release
inputs:
  type: object
  required: [folder]
  properties: { folder: { type: string } }
steps:
  - { id: build, uses: shell, with: { command: [sh, -c, 'until [ -e "$1/read" ]; do sleep 0.05; done', sh, "${{ inputs.folder }}"] } }
  - { id: ask, needs: [build], uses: approval, with: { message: "Ship it?" } }
  - { id: ship, needs: [ask], uses: noop }
"""


def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    raise SystemExit("Chromium is missing: apt-get install chromium")


class PagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="beamline-pages-")
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
        cls.server = cls.stage.server("plain")
        cls.secure = cls.stage.server("secure", tls_certificate=certificate, tls_key=key)
        ready(cls.server.url)
        ready(cls.secure.url)
        cls.worker = cls.stage.worker("pages-worker", [cls.server.url])
        cls.token = cls.stage.token("admin")
        cls.client = Client(cls.server.url, cls.token)
        cls.client.apply(WORKFLOW)
        until("the worker is connected", lambda: cls.client.call("GET", "/v1/workers")["workers"])
        cls.playwright = sync_playwright().start()
        cls.addClassCleanup(cls.playwright.stop)
        cls.browser = cls.playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.context = self.browser.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 900})
        self.page = self.context.new_page()
        self.errors = []
        self.page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.gate = tempfile.mkdtemp(dir=self.folder)

    def tearDown(self):
        self.context.close()

    def sign_in(self, url):
        code = Client(url, self.token).call("POST", "/v1/session/codes")["code"]
        self.page.goto(f"{url}/#code={code}")
        self.page.wait_for_selector("nav a[aria-current]")
        self.assertNotIn("code", self.page.url, "the code stays in the address")

    def open(self, step):
        open(os.path.join(self.gate, step), "w").close()

    def state(self, step):
        return self.page.locator(f'.graph [data-step="{step}"]').get_attribute("data-state")

    def expect_state(self, step, state):
        self.page.wait_for_selector(f'.graph [data-step="{step}"][data-state="{state}"]', timeout=20_000)

    def shoot(self, name):
        if SCREENSHOTS:
            self.page.screenshot(path=os.path.join(SCREENSHOTS, f"{name}.png"), full_page=True)

    def watch_a_run(self, url, name):
        self.sign_in(url)
        run = self.client.start("pages/steps", folder=self.gate)["id"]
        self.page.goto(f"{url}/#/runs/{run}")
        self.expect_state("read", "running")
        # Gone after a reload: the states below change on this very page.
        self.page.evaluate("window.sameDocument = true")
        self.assertEqual(self.state("left"), "pending")
        self.open("read")
        self.expect_state("read", "succeeded")
        self.expect_state("left", "running")
        self.open("left")
        self.expect_state("left", "succeeded")
        self.assertEqual(self.state("right"), "running")
        self.shoot(f"{name}-running")
        self.open("right")
        self.expect_state("join", "succeeded")
        self.page.wait_for_selector('.run-state[data-state="succeeded"]', timeout=20_000)
        self.assertTrue(self.page.evaluate("window.sameDocument"))
        self.page.wait_for_selector(".log li")
        self.assertIn("reading", self.page.locator(".log").inner_text())
        self.shoot(f"{name}-succeeded")
        self.assertEqual(self.errors, [])

    def test_a_run_is_live_over_http(self):
        self.watch_a_run(self.server.url, "http")

    def test_a_run_is_live_over_https_and_h2(self):
        self.watch_a_run(self.secure.url, "https")
        protocol = self.page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol")
        self.assertEqual(protocol, "h2")

    def test_cancel_in_the_browser(self):
        self.sign_in(self.server.url)
        run = self.client.start("pages/steps", folder=self.gate)["id"]
        self.page.goto(f"{self.server.url}/#/runs/{run}")
        self.expect_state("read", "running")
        self.page.get_by_role("button", name="Cancel", exact=True).click()
        self.page.get_by_role("button", name="Cancel the run").click()
        self.page.wait_for_selector('.run-state[data-state="cancelled"]', timeout=20_000)
        self.assertEqual(self.client.run(run)["state"], "cancelled")
        self.assertEqual(self.errors, [])

    def test_pause_resume_and_approve_in_the_browser(self):
        self.client.apply(APPROVAL)
        self.sign_in(self.server.url)
        run = self.client.start("pages/release", folder=self.gate)["id"]
        self.page.goto(f"{self.server.url}/#/runs/{run}")
        self.expect_state("build", "running")
        self.page.get_by_role("button", name="Pause", exact=True).click()
        self.page.wait_for_selector('.run-state[data-state="paused"]', timeout=20_000)
        self.open("read")
        self.expect_state("build", "succeeded")
        # A decision may come meanwhile; what it makes ready waits for the resumption, and says so.
        self.page.get_by_role("heading", name="Ship it?").wait_for(timeout=20_000)
        self.page.get_by_role("button", name="Approve", exact=True).click()
        self.page.get_by_label("Comment").fill("looks fine")
        self.shoot("approval")
        self.page.get_by_role("button", name="Approve the step").click()
        self.expect_state("ship", "held")
        self.page.locator('.graph [data-step="ship"]').click()
        self.page.locator(".wait", has_text="paused").wait_for(timeout=20_000)
        self.shoot("paused")
        self.page.get_by_role("button", name="Resume", exact=True).click()
        self.page.wait_for_selector('.run-state[data-state="succeeded"]', timeout=20_000)
        steps = {step["id"]: step for step in self.client.run(run)["steps"]}
        self.assertEqual(steps["ask"]["state"], "succeeded")
        self.assertEqual(self.errors, [])

    def test_a_server_restart_loses_no_state_on_the_page(self):
        self.sign_in(self.server.url)
        run = self.client.start("pages/steps", folder=self.gate)["id"]
        self.page.goto(f"{self.server.url}/#/runs/{run}")
        self.expect_state("read", "running")
        self.page.evaluate("window.sameDocument = true")
        self.server.kill()
        self.open("read")
        self.server.start()
        ready(self.server.url)
        self.expect_state("read", "succeeded")
        self.open("left")
        self.open("right")
        self.page.wait_for_selector('.run-state[data-state="succeeded"]', timeout=40_000)
        self.assertTrue(self.page.evaluate("window.sameDocument"))

    def test_every_page_opens_without_an_error(self):
        self.sign_in(self.server.url)
        for path, text in (("/", "Overview"), ("/runs", "Runs"), ("/workflows", "pages/steps"), ("/workflows/pages%2Fsteps", "Definition"), ("/workers", "pages-worker"), ("/system", "System")):
            self.page.goto(f"{self.server.url}/#{path}")
            self.page.wait_for_selector(f"main :text('{text}')")
            self.shoot("page-" + (path.strip("/").replace("/", "-").replace("%2F", "-") or "overview"))
        self.assertEqual(self.errors, [])

    def test_signing_in_twice_with_one_code_is_refused(self):
        code = self.client.call("POST", "/v1/session/codes")["code"]
        self.page.goto(f"{self.server.url}/#code={code}")
        self.page.wait_for_selector("nav a[aria-current]")
        other = self.browser.new_context().new_page()
        other.goto(f"{self.server.url}/#code={code}")
        other.wait_for_selector("h1:text('Sign in')")
        self.assertTrue(other.locator(".error").count() == 1)
        other.context.close()


if __name__ == "__main__":
    if "--screenshots" in sys.argv:
        at = sys.argv.index("--screenshots")
        SCREENSHOTS = os.path.abspath(sys.argv[at + 1])
        os.makedirs(SCREENSHOTS, exist_ok=True)
        del sys.argv[at : at + 2]
    unittest.main(verbosity=2)
