"""A headless Chromium for tests, driven by its DevTools protocol over pipes.

Nothing but the standard library: Chromium reads commands on its descriptor 3 and
answers on 4, JSON ended by NUL. A page is opened from a file; every request that
it makes, what it writes to its console and what it throws are collected.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from typing import Any, Dict, List, Optional

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
]


class Browser:
    """One Chromium with one page. A context manager."""

    def __init__(self, width: int = 1400, height: int = 1000) -> None:
        assert PROGRAM is not None
        self._folder = tempfile.TemporaryDirectory()
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        environment = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
        # The shell gives the pipes the numbers that Chromium expects, whatever
        # numbers they have here.
        self._process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "sh", PROGRAM]
            + [*_FLAGS, f"--window-size={width},{height}"]
            + [f"--user-data-dir={self._folder.name}/profile", "about:blank"],
            pass_fds=(to_read, to_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**environment, "HOME": self._folder.name},
        )
        os.close(to_read)
        os.close(to_write)
        self._text, self._number = b"", 0
        self.problems: List[str] = []  # console errors and warnings, exceptions
        self.requests: List[str] = []  # every URL asked for
        self._loaded = False
        targets = self._send("Target.getTargets")["targetInfos"]
        (page,) = [one for one in targets if one["type"] == "page"]
        attached = {"targetId": page["targetId"], "flatten": True}
        self._session: Optional[str] = None
        self._session = self._send("Target.attachToTarget", attached)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._send(f"{domain}.enable")

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._write)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        # Chromium's children may still write to the profile for a moment.
        shutil.rmtree(self._folder.name, ignore_errors=True)

    def _send(self, method: str, parameters: Optional[Dict[str, Any]] = None) -> Any:
        self._number += 1
        message: Dict[str, Any] = {"id": self._number, "method": method}
        message["params"] = parameters or {}
        if getattr(self, "_session", None):
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        deadline = time.monotonic() + 60
        while True:
            answer = self._receive(deadline)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def _receive(self, deadline: float) -> Dict[str, Any]:
        while b"\0" not in self._text:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._read], [], [], left)[0]:
                raise TimeoutError("Chromium does not answer")
            data = os.read(self._read, 1 << 20)
            if not data:
                raise RuntimeError("Chromium has ended")
            self._text += data
        text, _, self._text = self._text.partition(b"\0")
        message: Dict[str, Any] = json.loads(text)
        self._note(message)
        return message

    def _note(self, message: Dict[str, Any]) -> None:
        method, said = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = said["exceptionDetails"]
            about = details.get("exception", {}).get("description", details["text"])
            self.problems.append(about)
        elif method == "Runtime.consoleAPICalled":
            values = [str(one.get("value")) for one in said["args"]]
            self.problems.append(f"console.{said['type']}: {' '.join(values)}")
        elif method == "Log.entryAdded":
            self.problems.append(said["entry"]["text"])
        elif method == "Page.loadEventFired":
            self._loaded = True

    def open(self, path: str) -> None:
        """Loads a file and waits until it has been drawn."""
        self._loaded = False
        self.problems, self.requests = [], []
        self._send("Page.navigate", {"url": f"file://{os.path.abspath(path)}"})
        deadline = time.monotonic() + 60
        while not self._loaded:
            self._receive(deadline)
        self.settle()

    def settle(self) -> None:
        """Waits for two frames, in which what was changed is drawn."""
        self.run(
            "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))"
            ".then(() => 1)"
        )

    def run(self, script: str) -> Any:
        """The value of an expression in the page; promises are waited for."""
        asked = {"expression": script, "awaitPromise": True, "returnByValue": True}
        result = self._send("Runtime.evaluate", asked)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def key(self, key: str, text: str = "") -> None:
        """Presses and releases a key."""
        down: Dict[str, Any] = {"type": "keyDown", "key": key}
        if text:
            down["text"] = text
        self._send("Input.dispatchKeyEvent", down)
        self._send("Input.dispatchKeyEvent", {"type": "keyUp", "key": key})
        self.settle()

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """mousePressed, mouseReleased, mouseMoved, mouseWheel."""
        event = {"type": kind, "x": x, "y": y, **more}
        self._send("Input.dispatchMouseEvent", event)

    def scheme(self, name: str) -> None:
        """What the system prefers: "light" or "dark"."""
        feature = {"name": "prefers-color-scheme", "value": name}
        self._send("Emulation.setEmulatedMedia", {"features": [feature]})
        self.settle()

    def picture(self) -> bytes:
        """A PNG of the window."""
        shown = self._send("Page.captureScreenshot", {"format": "png"})
        return base64.b64decode(shown["data"])

    def printed(self) -> bytes:
        """The page as PDF."""
        asked = {"printBackground": True}
        return base64.b64decode(self._send("Page.printToPDF", asked)["data"])
