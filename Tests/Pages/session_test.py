"""Signing in, and what somebody is shown who may only look."""

from page_case import PageCase, free_port, ready

PAGES = {
    "/": "Overview", "/usage": "Usage", "/users": "Users", "/audit": "Audit", "/runs": "Runs", "/approvals": "Approvals", "/dead-letters": "Dead letters", "/jobs": "Jobs",
    "/jobs/new": "New job", "/workflows": "Workflows", "/workflows/pages%2Flook": "pages/look", "/bundles": "Bundles",
    "/queues": "Queues", "/breakers": "Breakers", "/workers": "Workers", "/system": "System",
}


class SessionTest(PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client.apply("name: pages/look\nsteps: [{ id: approve, uses: approval, with: { message: 'Well?' } }]")

    def test_every_page_opens_without_an_error(self):
        self.sign_in()
        for path, title in PAGES.items():
            self.show(path)
            self.page.get_by_role("heading", name=title, exact=True, level=1).wait_for(timeout=20_000)
            self.shoot("page-" + (path.strip("/").replace("/", "-").replace("%2F", "-") or "overview"))
        self.assertEqual(self.errors, [])

    def test_a_viewer_is_offered_nothing_that_would_be_refused(self):
        run = self.client.start("pages/look")["id"]
        self.sign_in(token=self.stage.token("viewer"))
        links = self.page.locator("#bar nav a").all_inner_texts()
        self.assertIn("Usage", links)
        self.assertNotIn("Audit", links)
        self.assertNotIn("System", links)
        self.show(f"/runs/{run}")
        self.heading("Well?").wait_for(timeout=20_000)
        self.show("/queues")
        self.page.get_by_role("cell", name="default").first.wait_for()
        self.assertEqual(self.page.locator("main button").all_inner_texts(), [])
        self.show("/jobs")
        self.heading("Jobs").wait_for()
        self.assertEqual(self.page.locator("main").get_by_text("New job").count(), 0)
        self.show(f"/runs/{run}")
        self.heading("Well?").wait_for(timeout=20_000)
        offered = set(self.page.locator("main button:not(.lane)").all_inner_texts())
        self.client.call("POST", f"/v1/runs/{run}/cancel", {})
        self.assertEqual(offered, set())
        self.assertEqual(self.errors, [])

    def test_what_is_served_elsewhere_says_where(self):
        apart = self.stage.server("apart", management_listen=f"127.0.0.1:{free_port()}")
        self.addCleanup(apart.end)
        ready(apart.url)
        self.sign_in(apart.url)
        for place, title in (("/audit", "Audit"), ("/users", "Users"), ("/system", "System")):
            self.show(place, apart.url)
            self.page.get_by_role("heading", name=title, exact=True, level=1).wait_for()
            self.page.get_by_text("the server's management listener").wait_for()

    def test_signing_in_twice_with_one_code_is_refused(self):
        code = self.client.call("POST", "/v1/session/codes")["code"]
        self.page.goto(f"{self.server.url}/#code={code}")
        self.page.wait_for_selector("nav a[aria-current]")
        other = self.browser.new_context().new_page()
        other.goto(f"{self.server.url}/#code={code}")
        other.wait_for_selector("h1:text('Sign in')")
        self.assertTrue(other.locator(".error").count() == 1)
        other.context.close()
