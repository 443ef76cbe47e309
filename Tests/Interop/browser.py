"""Debian's Chromium without a screen, driven over its DevTools protocol."""
import base64
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.request

import websocket


class Browser:
    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="concordat-browser-")
        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-extensions", "--disable-background-networking",
             "--disable-component-update", "--remote-debugging-port=0", "--remote-allow-origins=*", f"--user-data-dir={self.home}", "--window-size=1280,900", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = self.port()
        pages = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=10))
        self.socket = websocket.create_connection(next(page for page in pages if page["type"] == "page")["webSocketDebuggerUrl"], timeout=30)
        self.count = 0
        self.problems = []
        for domain in ["Page", "Runtime", "Log", "Network", "Performance", "DOM", "Accessibility"]:
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=1280, height=900, deviceScaleFactor=1, mobile=False)

    def port(self):
        file = pathlib.Path(self.home) / "DevToolsActivePort"
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if file.exists() and file.read_text().strip():
                return int(file.read_text().split()[0])
            time.sleep(0.05)
        raise AssertionError("Chromium did not start")

    def call(self, method, **parameters):
        self.count += 1
        number = self.count
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']}")
                return message["result"]
            self.note(message)

    def note(self, message):
        """What the page complains about: exceptions, refused loads, errors on its console."""
        content = message.get("params", {})
        if message.get("method") == "Runtime.exceptionThrown":
            self.problems.append(content["exceptionDetails"].get("exception", {}).get("description") or content["exceptionDetails"]["text"])
        if message.get("method") == "Log.entryAdded" and content["entry"]["level"] == "error":
            self.problems.append(f"{content['entry']['text']} {content['entry'].get('url', '')}")
        if message.get("method") == "Page.javascriptDialogOpening":
            self.problems.append(f"a dialog says {content['message']}")

    def run(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise AssertionError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def until(self, script, what, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            # While a page is being loaded its elements are not there yet.
            value = self.run(f"(() => {{ try {{ return {script}; }} catch {{ return null; }} }})()")
            if value:
                return value
            time.sleep(0.1)
        raise AssertionError(f"{what}, within {seconds} s; the page says: {self.run('document.body.innerText')[:1500]}")

    def open(self, url):
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && document.querySelector('#view') !== null", f"{url} is loaded")

    def click(self, selector):
        """As a person does: where the thing is, not by its name."""
        place = self.run(f"(() => {{ const e = document.querySelector({json.dumps(selector)}); if (!e) return null; e.scrollIntoView({{block: 'center'}}); "
                         "const r = e.getClientRects()[0]; return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        if place is None:
            raise AssertionError(f"there is nothing to click at {selector}")
        for kind in ["mousePressed", "mouseReleased"]:
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def key(self, name, code):
        for kind in ["rawKeyDown", "keyUp"]:
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code)
        if name == "Enter":
            self.call("Input.dispatchKeyEvent", type="char", text="\r")

    def type(self, text):
        self.call("Input.insertText", text=text)

    def picture(self, path):
        pathlib.Path(path).write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]))

    def metric(self, name):
        return next(item["value"] for item in self.call("Performance.getMetrics")["metrics"] if item["name"] == name)

    def close(self):
        self.socket.close()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.home, ignore_errors=True)
