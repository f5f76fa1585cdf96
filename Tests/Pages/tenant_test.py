"""What the tenant has: bundles with their versions, usage beside quotas, and who did what."""

from page_case import PageCase

BUNDLE = """
bundle: pages/office
limits:
  - { name: pages-desk, of: steps, slots: 1 }
workflows:
  - name: pages/letter
    steps:
      - { id: write, uses: noop }
"""


class TenantTest(PageCase):
    def apply(self, text):
        return self.client.call("POST", "/v1/apply", text.encode(), "application/yaml")

    def test_a_bundle_shows_its_versions_and_what_has_changed(self):
        self.apply(BUNDLE)
        self.apply(BUNDLE.replace("slots: 1", "slots: 4"))
        self.sign_in()
        self.show("/bundles")
        self.page.get_by_role("link", name="pages/office").click()
        changes = self.page.get_by_role("region", name="Changes from v1 to v2")
        self.assertIn("slots: 1", changes.locator(".removed").inner_text())
        self.assertIn("slots: 4", changes.locator(".added").inner_text())
        self.page.get_by_role("cell", name="pages-desk").wait_for()
        self.shoot("bundle")
        self.page.get_by_role("link", name="v1", exact=True).click()
        self.page.get_by_label("The bundle's text").get_by_text("slots: 1").wait_for()
        self.assertEqual(self.errors, [])

    def test_usage_stands_beside_the_quotas(self):
        platform = self.stage.token("platform-admin")
        self.client.call("PUT", "/v1/tenants/default/quotas", {"limits": {"workers": 4}}, authorization=f"Bearer {platform}")
        self.addCleanup(lambda: self.client.call("PUT", "/v1/tenants/default/quotas", {"limits": {}}, authorization=f"Bearer {platform}"))
        self.sign_in()
        self.show("/usage")
        row = self.page.get_by_role("row", name="Workers connected")
        row.get_by_text("25 %").wait_for()
        self.shoot("usage")
        self.assertEqual(self.errors, [])

    def test_a_user_is_seen_suspended_and_let_in_again(self):
        self.client.call("POST", "/v1/grants", {"subject": "ada", "role": "operator", "kind": "namespace", "name": "pages"})
        self.sign_in()
        self.show("/users")
        self.button("Details ada").click()
        self.page.get_by_text("operator on the namespace pages").wait_for()
        self.button("Suspend ada").click()
        self.button("Suspend the user").click()
        self.page.get_by_role("row", name="ada").get_by_text("by test").wait_for()
        self.shoot("users")
        self.button("Resume ada").click()
        self.button("Suspend ada").wait_for()
        self.assertNotIn("suspended_at", self.client.call("GET", "/v1/users/ada")["user"])
        # Nobody keeps themselves out.
        self.page.get_by_role("row", name="test (you)").wait_for()
        self.assertEqual(self.button("Suspend test").count(), 0)
        self.assertEqual(self.errors, [])

    def test_the_audit_log_is_filtered_and_shows_the_change(self):
        self.client.call("PUT", "/v1/queues/pages%2Faudited", {"weight": 7})
        self.sign_in()
        self.show("/audit")
        self.page.get_by_label("Action").fill("queue.*")
        self.page.get_by_label("Thing").fill("pages/audited")
        self.page.get_by_label("Thing").press("Enter")
        rows = self.page.get_by_role("region", name="Audit log").locator("tbody tr")
        self.page.get_by_role("button", name="Details of queue.change pages/audited").click()
        self.assertIn("100 → 7", rows.nth(1).inner_text())
        self.assertIn("putQueue", rows.nth(1).inner_text())
        self.assertIn("test", rows.first.inner_text())
        self.shoot("audit")
        self.assertEqual(self.errors, [])
