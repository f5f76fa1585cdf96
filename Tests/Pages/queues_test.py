"""Queues, limits and breakers are operated in the browser, and a run's page says what it waits for."""

from page_case import PageCase, until


class QueuesTest(PageCase):
    def test_a_paused_queue_is_why_a_run_waits_until_it_is_resumed(self):
        self.client.call("PUT", "/v1/queues/pages%2Fnight", {"discipline": "priority", "weight": 20})
        self.client.apply("name: pages/nightly\nqueue: pages/night\nsteps: [{ id: work, uses: shell, with: { command: ['true'] } }]")
        self.sign_in()
        self.show("/queues")
        self.button("Pause pages/night").click()
        row = self.page.get_by_role("row", name="pages/night")
        # Exactly: "Pause" and "Drain" side by side have it in them too.
        row.get_by_text("Paused", exact=True).wait_for()
        # Whoever uses the keyboard can take it back at once.
        self.assertEqual(self.page.evaluate("document.activeElement.ariaLabel"), "Resume pages/night")
        self.assertTrue(self.client.call("GET", "/v1/queues/pages%2Fnight")["paused"])
        self.shoot("queues")
        run = self.client.start("pages/nightly")["id"]
        self.show(f"/runs/{run}")
        self.heading("Why it waits").wait_for(timeout=20_000)
        self.page.locator('.reason[data-reason="queue_paused"]').wait_for(timeout=20_000)
        self.shoot("explain")
        self.page.locator(".reason").get_by_role("link", name="Queues").click()
        # Name, state, order, weight, then how many are ready.
        self.button("Resume pages/night").wait_for()
        self.assertEqual(row.get_by_role("cell").nth(4).inner_text(), "1")
        self.button("Resume pages/night").click()
        row.get_by_text("Serving").wait_for()
        until("the run has succeeded", lambda: self.client.run(run)["state"] == "succeeded")
        self.button("Drain pages/night").click()
        self.button("Drain the queue").click()
        row.get_by_text("Draining").wait_for()
        self.assertEqual(self.errors, [])

    def test_a_read_from_before_a_change_is_not_shown_over_the_one_after_it(self):
        self.client.call("PUT", "/v1/queues/pages%2Foverlap", {})
        self.page.clock.install()
        self.sign_in()
        self.show("/queues")
        self.button("Pause pages/overlap").wait_for()
        held = []
        self.page.route("**/v1/queues", lambda route: held.append((route, route.fetch())), times=1)
        with self.page.expect_request("**/v1/queues") as asked:
            self.page.clock.run_for(5000)
        self.button("Pause pages/overlap").click()
        self.button("Resume pages/overlap").wait_for()
        [(route, before)] = held
        route.fulfill(response=before)
        asked.value.response()
        # What has been answered before this has been shown, or passed over.
        self.page.evaluate("fetch('/v1/session').then((answer) => answer.text())")
        self.assertEqual(self.button("Pause pages/overlap").count(), 0)
        self.assertEqual(self.button("Resume pages/overlap").count(), 1)
        self.assertEqual(self.errors, [])

    def test_a_limit_gets_other_slots(self):
        self.client.call("PUT", "/v1/limits/steps/pages-printer", {"slots": 1})
        self.sign_in()
        self.show("/queues")
        self.button("Change the slots of pages-printer").click()
        self.page.get_by_label("Slots", exact=True).fill("3")
        self.shoot("limit-dialog")
        self.button("Change").click()
        self.page.get_by_role("row", name="pages-printer").get_by_role("cell", name="3", exact=True).wait_for()
        self.assertEqual(self.client.call("GET", "/v1/limits/steps/pages-printer")["slots"], 3)
        self.assertEqual(self.errors, [])

    def test_a_breaker_is_tripped_and_reset(self):
        self.client.call("PUT", "/v1/breakers/pages-task", {"failures": 3, "ratio": 0.5})
        self.sign_in()
        self.show("/breakers")
        self.button("Trip pages-task").click()
        self.page.get_by_label("For how long").fill("10m")
        self.button("Open it").click()
        self.page.get_by_text("probes from").wait_for()
        self.shoot("breakers")
        self.assertEqual(self.client.call("GET", "/v1/breakers/pages-task")["state"], "open")
        self.button("Reset pages-task").click()
        self.page.get_by_role("row", name="pages-task").get_by_text("Closed").wait_for()
        self.assertEqual(self.errors, [])
