"""A server that answers as llama.cpp, Ollama and vLLM do."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def completion(content: object) -> bytes:
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode()


class Server:
    """Answers each question with the next of some answers, a status and a body, and keeps what it was asked."""

    def __init__(self, *answers: tuple[int, bytes]) -> None:
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.answers = list(answers)
        self.free = threading.Event()
        self.free.set()
        self.endpoint = ""


@contextmanager
def model(*answers: tuple[int, bytes]) -> Iterator[Server]:
    kept = Server(*answers)

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}, json.loads(body)))
            kept.free.wait(20)
            status, answer = kept.answers.pop(0)
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        kept.endpoint = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield kept
        finally:
            kept.free.set()
            server.shutdown()
            thread.join()
