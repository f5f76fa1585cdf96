"""A run's page: live without a reload, over http and https, and what can be done to the run there."""

import os

from page_case import PageCase, ready, until

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


class RunsTest(PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client.apply(WORKFLOW)

    def start(self):
        return self.client.start("pages/steps", folder=self.gate)["id"]

    def open(self, step):
        open(os.path.join(self.gate, step), "w").close()

    def state(self, step):
        return self.page.locator(f'.graph [data-step="{step}"]').get_attribute("data-state")

    def expect_state(self, step, state):
        self.page.wait_for_selector(f'.graph [data-step="{step}"][data-state="{state}"]', timeout=20_000)

    def watch_a_run(self, url, name):
        self.sign_in(url)
        run = self.start()
        self.show(f"/runs/{run}", url)
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

    def test_a_run_is_started_by_a_form_of_the_inputs(self):
        self.sign_in()
        self.show("/workflows/pages%2Fsteps")
        self.button("Start a run…").click()
        self.button("Start it").click()
        self.page.get_by_text("This is required.").wait_for()
        self.page.get_by_label("folder").fill(self.gate)
        self.shoot("start")
        self.button("Start it").click()
        self.expect_state("read", "running")
        run = self.client.run(self.page.url.split("/")[-1])
        self.assertEqual(run["input"], {"folder": self.gate})
        self.client.call("POST", f"/v1/runs/{run['id']}/cancel", {})
        self.assertEqual(self.errors, [])

    def test_cancel_in_the_browser(self):
        self.sign_in()
        run = self.start()
        self.show(f"/runs/{run}")
        self.expect_state("read", "running")
        self.page.get_by_role("button", name="Cancel", exact=True).click()
        self.page.get_by_role("button", name="Cancel the run").click()
        self.page.wait_for_selector('.run-state[data-state="cancelled"]', timeout=20_000)
        self.assertEqual(self.client.run(run)["state"], "cancelled")
        self.assertEqual(self.errors, [])

    def test_pause_resume_and_approve_in_the_browser(self):
        self.client.apply(APPROVAL)
        self.sign_in()
        run = self.client.start("pages/release", folder=self.gate)["id"]
        self.show(f"/runs/{run}")
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
        self.page.locator(".step .wait", has_text="paused").first.wait_for(timeout=20_000)
        self.shoot("paused")
        self.page.get_by_role("button", name="Resume", exact=True).click()
        self.page.wait_for_selector('.run-state[data-state="succeeded"]', timeout=20_000)
        steps = {step["id"]: step for step in self.client.run(run)["steps"]}
        self.assertEqual(steps["ask"]["state"], "succeeded")
        self.assertEqual(self.errors, [])

    def test_what_all_runs_ask_stands_on_one_page(self):
        self.client.apply(APPROVAL)
        run = self.client.start("pages/release", folder=self.gate)["id"]
        self.sign_in()
        self.show("/approvals")
        self.page.get_by_role("heading", name="Approvals", level=1).wait_for()
        self.open("read")
        # It comes by itself.
        self.button(f"Reject ask of pages/release, {run}").wait_for(timeout=20_000)
        self.shoot("approvals")
        self.button(f"Approve ask of pages/release, {run}").click()
        self.button("Approve the step").click()
        self.button(f"Approve ask of pages/release, {run}").wait_for(state="detached", timeout=20_000)
        until("the run has succeeded", lambda: self.client.run(run)["state"] == "succeeded")
        self.assertEqual(self.errors, [])

    def test_a_server_restart_loses_no_state_on_the_page(self):
        self.sign_in()
        run = self.start()
        self.show(f"/runs/{run}")
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
