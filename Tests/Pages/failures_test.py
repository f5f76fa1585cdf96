"""Dead letters and jobs: what has failed is seen, mended and done again in the browser."""

import json
import os

from page_case import PageCase, until

# Fails while its file is missing.
WORKFLOW = """
name: pages/fails
inputs:
  type: object
  required: [path]
  properties: { path: { type: string } }
steps:
  - { id: read, uses: shell, retry: { strategy: fixed, max_attempts: 2, delay: 10ms }, with: { command: [sh, -c, 'cat "$1" || exit 3', sh, "${{ inputs.path }}"] } }
"""


# Fails in its second step while the file is missing.
STEPS = """
name: pages/fails-late
inputs:
  type: object
  required: [path]
  properties: { path: { type: string } }
setup:
  - { id: before, uses: noop }
steps:
  - { id: first, uses: shell, with: { command: [echo, once] } }
  - { id: read, needs: [first], uses: shell, retry: { strategy: fixed, max_attempts: 1, delay: 10ms }, with: { command: [cat, "${{ inputs.path }}"] } }
"""


class FailuresTest(PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client.apply(WORKFLOW)

    def failed_runs(self, count):
        """Runs that have failed for want of their file, oldest first."""
        runs = [self.client.start("pages/fails", path=os.path.join(self.gate, "missing"))["id"] for _ in range(count)]
        for run in runs:
            until("the run has failed", lambda run=run: self.client.run(run)["state"] == "failed")
        return runs

    def mend(self):
        with open(os.path.join(self.gate, "missing"), "w") as file:
            file.write("here now\n")

    def wait_for_run(self, state):
        self.page.wait_for_selector(f'.run-state[data-state="{state}"]', timeout=20_000)

    def test_a_letter_is_read_and_redriven_with_another_input(self):
        run = self.failed_runs(1)[0]
        self.mend()
        os.rename(os.path.join(self.gate, "missing"), os.path.join(self.gate, "found"))
        self.sign_in()
        self.show(f"/runs/{run}")
        self.page.get_by_role("link", name="Its dead letters").click()
        self.page.get_by_role("link", name="read", exact=True).click()
        self.heading("Attempts").wait_for()
        self.page.get_by_role("heading", name="error: exit_3").wait_for()
        attempts = self.page.get_by_role("region", name="Attempts").locator("tbody tr")
        self.assertEqual(attempts.count(), 2)
        self.assertIn("pages-worker", attempts.first.inner_text())
        self.page.get_by_role("log").get_by_text("No such file").wait_for()
        self.shoot("dead-letter")
        field = self.page.get_by_label("Input, a JSON object")
        whole = field.input_value()
        field.fill(whole.replace("missing", "found")[:-1])
        self.page.get_by_role("alert").get_by_text("This is no JSON").wait_for()
        self.assertTrue(self.button("Redrive with this input").is_disabled())
        field.fill(whole.replace("missing", "found"))
        self.button("Redrive with this input").click()
        self.wait_for_run("succeeded")
        self.assertEqual(json.loads(whole)["command"][4], os.path.join(self.gate, "missing"))
        self.assertEqual(self.errors, [])

    def test_a_run_is_done_again_with_another_input(self):
        run = self.failed_runs(1)[0]
        found = os.path.join(self.gate, "found")
        open(found, "w").close()
        self.sign_in()
        self.show(f"/runs/{run}")
        self.button("Edit and rerun…").click()
        self.page.get_by_label("Input, a JSON object").fill(json.dumps({"path": found}))
        self.shoot("rerun")
        self.button("Rerun with this input").click()
        self.page.get_by_role("link", name=run).wait_for(timeout=20_000)
        self.wait_for_run("succeeded")
        self.assertEqual(self.errors, [])

    def test_a_run_is_done_again_from_a_step_with_another_input_of_the_step(self):
        self.client.apply(STEPS)
        run = self.client.start("pages/fails-late", path=os.path.join(self.gate, "missing"))["id"]
        until("the run has failed", lambda: self.client.run(run)["state"] == "failed")
        found = os.path.join(self.gate, "found")
        open(found, "w").close()
        self.sign_in()
        # A rerun begins with a step under steps.
        self.show(f"/runs/{run}?step=first")
        self.button("Edit its input and rerun…").wait_for()
        self.show(f"/runs/{run}?step=before")
        self.page.get_by_role("heading", name="before", exact=True).wait_for()
        self.button("Rerun from before").wait_for(state="detached")
        self.assertEqual(self.button("Edit its input and rerun…").count(), 0)
        self.show(f"/runs/{run}?step=read")
        self.button("Edit its input and rerun…").click()
        field = self.page.get_by_label("Input of read, a JSON object")
        # As it was, from the dead letter.
        self.assertEqual(json.loads(field.input_value()), {"command": ["cat", os.path.join(self.gate, "missing")]})
        self.assertTrue(field.evaluate("element => element === document.activeElement"))
        field.fill(json.dumps({"command": ["cat", found]}))
        self.shoot("rerun-step")
        self.button("Rerun from read with this input").click()
        self.page.get_by_role("link", name=run).wait_for(timeout=20_000)
        self.wait_for_run("succeeded")
        steps = {step["id"]: step for step in self.client.run(self.page.url.split("/")[-1])["steps"]}
        # What had succeeded was taken over, without an attempt.
        self.assertEqual((steps["first"]["state"], steps["first"]["attempts"]), ("succeeded", []))
        self.assertEqual(self.errors, [])

    def test_letters_are_filtered_exported_chosen_and_redriven_by_a_job(self):
        runs = self.failed_runs(3)
        self.mend()
        self.sign_in()
        self.show("/dead-letters")
        self.page.get_by_label("Filter").fill("state:opne")
        self.page.keyboard.press("Enter")
        self.page.get_by_role("alert").get_by_text('did you mean "open"?').wait_for()
        # The browser itself notes each answer of 400.
        self.errors.clear()
        self.page.get_by_label("Filter").fill(f"run:{','.join(runs)}")
        self.page.keyboard.press("Enter")
        rows = self.page.get_by_role("region", name="Dead letters").locator("tbody tr")
        until("the filter has passed three", lambda: rows.count() == 3)
        self.shoot("dead-letters")
        with self.page.expect_download() as waiting:
            self.button("Export").click()
        with open(waiting.value.path()) as file:
            self.assertEqual({json.loads(line)["run"] for line in file}, set(runs))

        for run in runs[:2]:
            self.page.get_by_role("checkbox", name=run).check()
        self.page.get_by_text("2 selected").wait_for()
        self.button("Redrive the selected…").click()
        self.heading("2 runs match.").wait_for()
        self.page.get_by_label("Runs a second at most").fill("5")
        self.button("Count the matches").click()
        self.shoot("new-job")
        self.button("Redrive: 2 runs").click()
        self.page.wait_for_selector('.job-state[data-state="done"]', timeout=20_000)
        self.shoot("job")
        self.assertIn("5 runs a second", self.page.locator(".facts").inner_text())
        for run in runs[:2]:
            until("the redriven run has succeeded", lambda run=run: self.client.run(run)["state"] == "succeeded")
        self.assertEqual(self.client.run(runs[2])["state"], "failed")
        self.show("/jobs")
        self.page.get_by_role("region", name="Jobs").get_by_text("2 of 2").first.wait_for()
        self.assertEqual(self.errors, [])

    def test_a_job_is_watched_and_cancelled(self):
        runs = self.failed_runs(4)
        self.sign_in()
        self.show("/jobs/new?action=rerun&filter=state:failed%20workflow:pages/fails")
        self.page.get_by_label("Runs a second at most").fill("1")
        self.button("Count the matches").click()
        self.page.locator('[data-key="begin"]').click()
        self.page.wait_for_selector('.job-state[data-state="running"]')
        self.button("Cancel").click()
        self.button("Cancel the job").click()
        self.page.wait_for_selector('.job-state[data-state="cancelled"]', timeout=20_000)
        self.page.get_by_text("left undone").wait_for()
        self.assertEqual(self.errors, [])
        self.assertEqual(len(runs), 4)
