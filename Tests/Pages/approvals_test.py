"""Approvals that ask for more than yes or no: a form made from the step's JSON Schema."""

from page_case import PageCase

WORKFLOW = """
name: pages/rollout
steps:
  - id: ok
    uses: approval
    with:
      message: "Roll it out?"
      quorum: 2
      form:
        type: object
        required: [ticket, replicas, window]
        properties:
          ticket: { type: string, title: Ticket, description: "Of the change.", pattern: "^OPS-[0-9]+$" }
          replicas: { type: integer, minimum: 1, maximum: 9, default: 3 }
          share: { type: number, exclusiveMinimum: 0, maximum: 1 }
          ring: { enum: [canary, half, all], default: canary }
          day: { type: string, format: date }
          quiet: { type: boolean, default: false }
          told: { type: array, items: { type: string }, description: "Who was told." }
          regions: { type: array, items: { enum: [north, south] }, maxItems: 1 }
          window: { type: object, required: [from], properties: { from: { type: string, minLength: 4, pattern: "^[0-9:]+$" }, hours: { type: integer } } }
          more: { type: object }
"""


class ApprovalsTest(PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client.apply(WORKFLOW)

    def setUp(self):
        super().setUp()
        self.run_id = self.client.start("pages/rollout")["id"]
        self.addCleanup(lambda: self.client.call("POST", f"/v1/runs/{self.run_id}/cancel", {}))

    def decisions(self):
        return self.client.call("GET", f"/v1/approvals?run={self.run_id}")["approvals"][0]["decisions"]

    def fault(self, label):
        """What is said to be wrong beside a field."""
        control = self.page.get_by_label(label)
        self.assertEqual(control.get_attribute("aria-invalid"), "true", label)
        return self.page.locator(f"[id='{control.get_attribute('aria-describedby').split()[1]}']").inner_text()

    def test_the_form_of_an_approval_is_filled_in_and_what_is_wrong_stands_beside_its_field(self):
        self.sign_in()
        self.show("/approvals")
        approve = self.button(f"Approve ok of pages/rollout, {self.run_id}")
        approve.wait_for(timeout=20_000)
        field = self.page.get_by_label
        self.assertEqual(field("replicas").input_value(), "3")
        field("replicas").fill("12")
        field("from").fill("9")
        self.page.get_by_label("more").fill("{")
        approve.click()
        self.assertEqual(self.fault("Ticket"), "This is required.")
        self.assertEqual(self.fault("replicas"), "At most 9, please.")
        self.assertEqual(self.fault("from"), "At least 4 characters, please.")
        self.assertIn("no JSON", self.fault("more"))
        self.assertEqual(self.page.evaluate("document.activeElement.id"), field("Ticket").get_attribute("id"))
        self.shoot("approval-form-refused")
        # What only the server knows: patterns.
        field("Ticket").fill("change 7")
        field("replicas").fill("4")
        field("from").fill("nine")
        field("more").fill('{"note": 1.50}')
        approve.click()
        self.page.get_by_label("Comment").fill("after lunch")
        self.button("Approve the step").click()
        self.page.get_by_text("Must match the pattern").first.wait_for()
        self.assertIn("OPS", self.fault("Ticket"))
        self.assertIn("pattern", self.fault("from"))
        self.assertEqual(self.decisions(), [])
        # The browser itself notes each answer of 422.
        self.errors.clear()
        field("Ticket").fill("OPS-7")
        self.assertIsNone(field("Ticket").get_attribute("aria-invalid"))
        field("from").fill("09:30")
        field("share").fill("0.25")
        field("ring").select_option("all")
        field("day").fill("2030-01-31")
        field("quiet").check()
        field("told").fill("Ada\nGrace")
        field("north").check()
        self.shoot("approval-form")
        field("told").press("Tab")
        field("Ticket").press("Enter")
        self.button("Approve the step").click()
        # Another must approve too, and sees what was filled in.
        self.page.get_by_text("What test has filled in").wait_for()
        self.assertEqual(approve.count(), 0)
        self.assertEqual(
            self.decisions()[0]["form"],
            {"ticket": "OPS-7", "replicas": 4, "share": 0.25, "ring": "all", "day": "2030-01-31", "quiet": True, "told": ["Ada", "Grace"], "regions": ["north"], "window": {"from": "09:30"}, "more": {"note": 1.5}})
        self.assertEqual(self.errors, [])

    def test_a_form_on_the_page_of_the_run_stays_while_the_page_lives_and_may_be_rejected_unfilled(self):
        self.sign_in()
        self.show(f"/runs/{self.run_id}")
        self.page.get_by_label("Ticket").wait_for(timeout=20_000)
        self.page.get_by_label("Ticket").fill("OPS-")
        # The page is made anew meanwhile.
        self.page.locator('.graph [data-step="ok"]').click()
        self.page.get_by_text("Not tried yet.").wait_for()
        self.assertEqual(self.page.get_by_label("Ticket").input_value(), "OPS-")
        self.shoot("approval-form-run")
        self.button("Reject").click()
        self.button("Reject the step").click()
        self.page.wait_for_selector('.run-state[data-state="failed"]', timeout=20_000)
        self.assertEqual(self.page.get_by_label("Ticket").count(), 0)
        self.assertEqual(self.errors, [])

    def test_who_may_not_decide_is_shown_what_is_asked(self):
        self.sign_in(token=self.stage.token("viewer"))
        self.show("/approvals")
        self.page.get_by_text("What has to be filled in").first.wait_for(timeout=20_000)
        self.assertEqual(self.page.locator("main form").count(), 0)
        self.assertEqual(self.errors, [])
