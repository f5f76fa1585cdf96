"""What the tests of pages share: servers, a worker and a browser, begun once for all of them."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from playwright.sync_api import sync_playwright

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Support"))
from cluster import Cluster  # noqa: E402
from stage import Client, Stage, free_port, ready, until  # noqa: E402

# What a screen reader names by its name.
NAMED = {"button", "link", "textbox", "searchbox", "spinbutton", "combobox", "checkbox", "progressbar", "region", "dialog", "group"}


def nameless(node):
    found = [node] if node.get("role") in NAMED and not node.get("name") else []
    return found + [one for child in node.get("children", []) for one in nameless(child)]


def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    raise SystemExit("Chromium is missing: apt-get install chromium")


class Scene:
    """Two servers on one private database (http and https), a worker, a browser."""

    def __init__(self):
        self.cleanups = []
        try:
            self.begin()
        except BaseException:
            self.end()
            raise

    def begin(self):
        self.folder = tempfile.mkdtemp(prefix="beamline-pages-")
        self.cleanups.append(lambda: shutil.rmtree(self.folder, ignore_errors=True))
        cluster = Cluster()
        self.cleanups.append(cluster.stop)
        self.stage = Stage(cluster, self.folder)
        self.cleanups.append(self.stage.end)
        certificate, key = os.path.join(self.folder, "cert.pem"), os.path.join(self.folder, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
            check=True, capture_output=True)
        self.server = self.stage.server("plain")
        self.secure = self.stage.server("secure", tls_certificate=certificate, tls_key=key)
        ready(self.server.url)
        ready(self.secure.url)
        self.stage.worker("pages-worker", [self.server.url])
        self.token = self.stage.token("admin")
        self.client = Client(self.server.url, self.token)
        until("the worker is connected", lambda: self.client.call("GET", "/v1/workers")["workers"])
        playwright = sync_playwright().start()
        self.cleanups.append(playwright.stop)
        self.browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        self.cleanups.append(self.browser.close)

    def end(self):
        while self.cleanups:
            self.cleanups.pop()()


class PageCase(unittest.TestCase):
    scene = None
    screenshots = None

    @classmethod
    def setUpClass(cls):
        if PageCase.scene is None:
            PageCase.scene = Scene()
        cls.stage, cls.server, cls.secure, cls.client = cls.scene.stage, cls.scene.server, cls.scene.secure, cls.scene.client
        cls.browser = cls.scene.browser

    @classmethod
    def end(cls):
        if PageCase.scene is not None:
            PageCase.scene.end()

    def setUp(self):
        self.context = self.browser.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 900})
        self.page = self.context.new_page()
        self.errors = []
        self.page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.gate = tempfile.mkdtemp(dir=self.scene.folder)

    def tearDown(self):
        self.context.close()

    def sign_in(self, url=None, token=None):
        url = url or self.server.url
        code = Client(url, token or self.scene.token).call("POST", "/v1/session/codes")["code"]
        self.page.goto(f"{url}/#code={code}")
        self.page.wait_for_selector("nav a[aria-current]")
        self.assertNotIn("code", self.page.url, "the code stays in the address")

    def show(self, place, url=None):
        self.page.goto(f"{url or self.server.url}/#{place}")

    def button(self, name):
        return self.page.get_by_role("button", name=name, exact=True)

    def heading(self, name):
        return self.page.get_by_role("heading", name=name)

    def shoot(self, name):
        """All has a name, and the page is as wide as its window, on a telephone too. If somebody wants to look at it: a picture in each theme."""
        self.assertEqual(nameless(self.page.accessibility.snapshot()), [], name)
        for width in (390, 1280):
            self.page.set_viewport_size({"width": width, "height": 900})
            beyond = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            self.assertLessEqual(beyond, 0, f"{name} is {beyond} pixels wider than {width}")
            for theme in ("light", "dark") if PageCase.screenshots else ():
                self.page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
                self.page.screenshot(path=os.path.join(PageCase.screenshots, f"{name}-{theme}-{width}.png"), full_page=True)
