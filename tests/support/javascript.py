"""A program in JavaScript that does, by ews-javascript-api, what a test asks for."""

import json
import subprocess
from pathlib import Path
from threading import Timer
from typing import Any

from support.running_server import PATIENCE_S, Mailbox, check_answer
from support.strict_reader import streaming_problems

_EWS_PATH = "/EWS/Exchange.asmx"


class JavascriptError(Exception):
    """What the library said. `code` is a response code, where the library has one."""

    def __init__(self, described: dict[str, Any]) -> None:
        super().__init__(described["stack"] or described["message"])
        self.kind: str = described["kind"]
        self.code: str | None = described.get("code")
        self.status: int | None = described.get("status")


class JavascriptProgram:
    """A process of node. Every exchange that it had with the server is checked."""

    def __init__(self, node: str, script: Path) -> None:
        self._process = subprocess.Popen(
            [node, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, step: str, account: dict[str, Any], given: dict[str, Any]) -> Any:
        """The result of a step, which is one of the functions beside the script.

        Raises JavascriptError.
        """
        request = {"step": step, "account": account, "given": given}
        answer = json.loads(self._ask(json.dumps(request)))
        for exchange in answer["exchanges"]:
            _check(exchange)
        if "error" in answer:
            raise JavascriptError(answer["error"])
        return answer.get("result")

    def close(self) -> None:
        """End the program, which must still be there."""
        assert self._process.poll() is None
        self._process.communicate(timeout=PATIENCE_S)

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        impatience = Timer(PATIENCE_S, self._process.kill)
        impatience.start()
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        impatience.cancel()
        assert answer, f"no answer to {line}"
        return answer


class JavascriptAccount:
    """A mailbox as the library sees it: `account.bind(id=…)` runs the step `bind`.

    Options are those of `connect` in service.js.
    """

    def __init__(
        self, program: JavascriptProgram, url: str | None, mailbox: Mailbox, **options: Any
    ) -> None:
        self._program = program
        self._account = {
            "url": url,
            "address": mailbox.address,
            "password": mailbox.password,
            **options,
        }

    def only(self, folder: str) -> Any:
        """The one item in a folder."""
        (item,) = self.find(folder=folder)["items"]
        return item

    def subjects(self, folder: str, **wanted: Any) -> list[str]:
        """The subjects of the items that are found in a folder."""
        return [item["Subject"] for item in self.find(folder=folder, **wanted)["items"]]

    def __getattr__(self, step: str) -> Any:
        return lambda **given: self._program.run(step, self._account, given)


def check_stream(streamed: str) -> None:
    """Hold everything that came by one GetStreamingEvents against the strict reader."""
    *messages, rest = streamed.split("</Envelope>")
    assert rest == ""
    for message in messages:
        assert streaming_problems(f"{message}</Envelope>".encode()) == []


def _check(exchange: dict[str, Any]) -> None:
    if exchange["url"].endswith(_EWS_PATH):
        check_answer(
            exchange["status"],
            exchange["headers"],
            exchange["answer"].encode(),
            exchange["request"].encode(),
        )
