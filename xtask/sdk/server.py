"""The server under test, on a free port and a database of its own."""

import json
import os
import secrets
import socket
import subprocess
import time
import urllib.error
import urllib.request

UPSTREAM_KEY = "sk-upstream-planted"
# What a service calls each format, and the path below which its upstream answers.
FORMATS = {
    "chat": ("openai_compatible", "/v1"),
    "responses": ("openai_responses", "/v1"),
    "messages": ("anthropic_native", ""),
    "gemini": ("gemini_native", ""),
}
TIMEOUT_SECONDS = 30


class Server:
    """A process of the server, with a client key and the right to administrate it."""

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

    def create_service(self, slug, kind, upstream):
        """Makes a service with an upstream of this format, which clients may ask in any format."""
        api_format, path = FORMATS[kind]
        self.call("POST", "proxy-configs", {
            "name": slug,
            "slug": slug,
            "config_type": "LLM",
            "api_format": api_format,
            "output_format": "auto",
            "target_base_url": upstream + path,
            "api_keys": [UPSTREAM_KEY],
        })

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
