"""The official SDKs through the server, with only base URL and key changed: every answer as without the server.

Starts an upstream that replays a corpus, starts the server on a database of its own, makes one service a format, and asks
for every recording twice: straight from the upstream, and through the server. What the SDK gives must be equal.
The last line reads `N passed, N failed`.
"""

import argparse
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import warnings

import anthropic
import openai
from google import genai
from google.genai import types as genai_types

from replay_upstream import serve

warnings.filterwarnings("ignore")

UPSTREAM_KEY = "sk-upstream-planted"
FORMATS = {
    "chat": ("openai_compatible", "/v1"),
    "responses": ("openai_responses", "/v1"),
    "messages": ("anthropic_native", ""),
    "gemini": ("gemini_native", ""),
}
TIMEOUT_SECONDS = 30


def openai_client(base, key):
    return openai.OpenAI(base_url=f"{base}/v1", api_key=key, max_retries=0, timeout=TIMEOUT_SECONDS)


def ask_chat(client, model, stream):
    arguments = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    if not stream:
        return client.chat.completions.create(**arguments).model_dump(mode="json")
    chunks = client.chat.completions.create(stream=True, **arguments)
    return [chunk.model_dump(mode="json") for chunk in chunks]


def ask_responses(client, model, stream):
    if not stream:
        return client.responses.create(model=model, input="hi").model_dump(mode="json")
    events = client.responses.create(model=model, input="hi", stream=True)
    return [event.model_dump(mode="json") for event in events]


def ask_messages(client, model, stream):
    arguments = {"model": model, "max_tokens": 64, "messages": [{"role": "user", "content": "hi"}]}
    if not stream:
        return client.messages.create(**arguments).model_dump(mode="json")
    events = client.messages.create(stream=True, **arguments)
    return [event.model_dump(mode="json") for event in events]


def ask_gemini(client, model, stream):
    if not stream:
        answers = [client.models.generate_content(model=model, contents="hi")]
    else:
        answers = client.models.generate_content_stream(model=model, contents="hi")
    # The SDK adds the answer's HTTP headers, of which `date` and the like differ.
    return [answer.model_dump(mode="json", exclude={"sdk_http_response"}) for answer in answers]


ASK = {"chat": ask_chat, "responses": ask_responses, "messages": ask_messages, "gemini": ask_gemini}


def client_of(kind, base, key):
    if kind in ("chat", "responses"):
        return openai_client(base, key)
    if kind == "messages":
        return anthropic.Anthropic(base_url=base, api_key=key, max_retries=0, timeout=TIMEOUT_SECONDS)
    options = genai_types.HttpOptions(base_url=base, timeout=TIMEOUT_SECONDS * 1000)
    return genai.Client(api_key=key, http_options=options)


def outcome(kind, client, model, stream):
    """What the SDK gives, or the error that it raises for an answer that it does not accept."""
    try:
        return ASK[kind](client, model, stream)
    except Exception as error:  # Whatever the SDK raises is part of what it makes of the recording.
        return f"{type(error).__name__}: {error}"


class Server:
    """The server under test, on a free port and a database of its own."""

    def __init__(self, binary, folder):
        self.client_key = "rk-" + secrets.token_urlsafe(24)
        self.password = secrets.token_urlsafe(24)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = {
            "PATH": os.environ["PATH"],
            "BACKEND_PORT": str(self.port),
            "DATABASE_PATH": os.path.join(folder, "rotator.db"),
            "GLOBAL_PROXY_KEYS": self.client_key,
            "ADMIN_PASSWORD": self.password,
        }
        self.process = subprocess.Popen([binary], env=environment, cwd=folder, stdout=subprocess.DEVNULL)
        self.base = f"http://127.0.0.1:{self.port}"
        self.wait_until_ready()
        login = self.call("POST", "login", {"username": "admin", "password": self.password})
        self.token = login["access_token"]

    def wait_until_ready(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"{self.base}/readyz", timeout=1).close()
                return
            except (urllib.error.URLError, ConnectionError):
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise SystemExit("the server did not become ready")
                time.sleep(0.05)

    def call(self, method, path, body):
        headers = {"content-type": "application/json"}
        if hasattr(self, "token"):
            headers["authorization"] = f"Bearer {self.token}"
        url = f"{self.base}/api/admin/{path}"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return json.load(answer)

    def create_service(self, kind, upstream):
        api_format, path = FORMATS[kind]
        self.call("POST", "proxy-configs", {
            "name": kind,
            "slug": kind,
            "config_type": "LLM",
            "api_format": api_format,
            "output_format": "auto",
            "target_base_url": upstream + path,
            "api_keys": [UPSTREAM_KEY],
        })

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True, help="the server's binary")
    parser.add_argument("--corpus", required=True, help="a folder of recordings")
    parser.add_argument("--chunk", type=int, default=0, help="write streams in pieces of so many bytes")
    arguments = parser.parse_args()

    upstream = serve(arguments.corpus, arguments.chunk)
    upstream_base = f"http://127.0.0.1:{upstream.server_address[1]}"
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        server = Server(os.path.abspath(arguments.server), folder)
        try:
            for kind in FORMATS:
                server.create_service(kind, upstream_base)
            direct = {kind: client_of(kind, upstream_base, UPSTREAM_KEY) for kind in FORMATS}
            through = {kind: client_of(kind, f"{server.base}/llm/{kind}", server.client_key) for kind in FORMATS}
            for entry in upstream.corpus.recordings.values():
                kind, model, stream = entry["format"], entry["id"], entry["stream"]
                expected = outcome(kind, direct[kind], model, stream)
                got = outcome(kind, through[kind], model, stream)
                if got == expected:
                    passed += 1
                else:
                    failed += 1
                    print(f"{kind} {model}: expected {str(expected)[:300]}\n  got {str(got)[:300]}")
        finally:
            server.stop()
    leaked = [headers for headers in upstream.seen_headers if server.client_key in str(headers)]
    if leaked:
        failed += 1
        print(f"the client key reached the upstream in {len(leaked)} requests")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
