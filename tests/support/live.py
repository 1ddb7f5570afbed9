"""A real hub in a process of its own, and a TAXII client of a few lines. Imports nothing of ours.

The hub is given the command line that an operator gives it; what it writes to standard error is read all the time, so that it never waits for us.
"""

import base64
import json
import os
import re
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from support.child import PATIENCE, Child

TAXII = "application/taxii+json;version=2.1"
_SERVING = re.compile(r"^Serving (https?://\S+?)/taxii2/$")


def environment(data_dir: Path, **settings: object) -> dict[str, str]:
    """The environment of a child: only the settings named here, and bytecode kept, since compiling costs two seconds at every start."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INDICATOR_HUB_")}
    if kept.pop("PYTHONDONTWRITEBYTECODE", None):
        kept["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / f"indicator-hub-pycache-{os.getuid()}")
    named = {f"INDICATOR_HUB_{name.upper()}": str(value) for name, value in settings.items()}
    return kept | {"INDICATOR_HUB_DATA_DIR": str(data_dir)} | named


class Hub:
    """A hub that serves. Ready when it has been made; leaving the block kills it."""

    def __init__(self, database: str, data_dir: Path, **settings: object) -> None:
        serve = ("serve", "--port", "0", "--database", database)
        self._process = Child("indicator_hub", *serve, env=environment(data_dir, **settings), reads=2)
        self.log: deque[str] = deque(maxlen=1_000)
        self.url = ""
        self._told = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._told.wait(PATIENCE) or not self.url:
            self.kill()
            raise AssertionError("the hub did not start:\n" + "\n".join(self.log))

    def _read(self) -> None:
        for line in self._process.lines:
            self.log.append(line.rstrip("\n"))
            if found := _SERVING.match(line.rstrip("\n")):
                self.url = found[1]
                self._told.set()
        self._told.set()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """How it ended; None while it lives."""
        return self._process.code

    def stop(self) -> int:
        """Ask it to end (SIGTERM), and wait. Returns the exit code; negative when a signal ended it."""
        self._process.terminate()
        return self._ended()

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        self._process.kill()
        self._ended()

    def _ended(self) -> int:
        code = self._process.wait()
        with self._process:
            self._reader.join(PATIENCE)
        if code is None:
            raise AssertionError("the hub did not stop:\n" + "\n".join(self.log))
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


class Client:
    """One account on one connection, which stays open. Raises OSError or HTTPException when the hub is gone."""

    def __init__(self, url: str, username: str, token: str) -> None:
        self._address = urlsplit(url).netloc
        self._connection = HTTPConnection(self._address, timeout=PATIENCE)
        credential = base64.b64encode(f"{username}:{token}".encode()).decode()
        self._headers = {"Authorization": f"Basic {credential}", "Accept": TAXII}
        self.unavailable = 0

    def send(self, method: str, path: str, body: bytes | None = None) -> None:
        """Send a request. `receive` must follow."""
        more = {"Content-Type": TAXII} if body is not None else {}
        self._connection.request(method, path, body, self._headers | more)

    def receive(self) -> Answer:
        """The answer to what was sent last."""
        answer = self._connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def get(self, path: str, **query: object) -> Answer:
        """Get a resource; parameters that are None are left out."""
        sent = urlencode({name: value for name, value in query.items() if value is not None})
        self.send("GET", f"{path}?{sent}" if sent else path)
        return self.receive()

    def post(self, path: str, objects: Sequence[Mapping[str, Any]]) -> Answer:
        """Post an envelope."""
        self.send("POST", path, json.dumps({"objects": objects}).encode())
        return self.receive()

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """A request to the hub's own API, with JSON where there is a body."""
        content = None if body is None else json.dumps(body).encode()
        more = {"Content-Type": "application/json"} if content is not None else {}
        self._connection.request(method, path, content, self._headers | more)
        return self.receive()

    def pages(self, path: str, *, limit: int, added_after: str | None = None, tries: int = 1) -> Iterator[Answer]:
        """Every page from here on, by following `next` while `more` is true; a page is asked for again while the hub is unavailable."""
        following: str | None = None
        while True:
            for _ in range(tries):
                answer = self.get(path, limit=limit, added_after=added_after, next=following)
                if answer.status != 503:
                    break
                self.unavailable += 1
            assert answer.status == 200, (answer.status, answer.body)
            yield answer
            page = answer.json
            if not page.get("more"):
                assert "next" not in page
                return
            following = page["next"]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
