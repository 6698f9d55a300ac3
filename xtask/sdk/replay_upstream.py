"""An upstream that replays recorded answers. The model's name is the recording's id.

A corpus is a folder with `manifest.jsonl` (one object a line: `id`, `format`, `stream`, optionally `status`) and, for each
recording, `<format>/<id>.json` or `<format>/<id>.sse`. Streams are written event by event, or in pieces of `chunk` bytes.
"""

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MODEL_IN_PATH = re.compile(r"/models/([^/:]+)(?::|%3A)\w+")
# An event and the empty line after it, with the ends of lines as they were recorded.
EVENT = re.compile(rb".*?(?:\r\n\r\n|\n\n|\Z)", re.DOTALL)


class Corpus:
    """The recordings of a folder, by id."""

    def __init__(self, folder):
        self.folder = Path(folder)
        lines = (self.folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
        self.recordings = {entry["id"]: entry for entry in map(json.loads, filter(None, lines))}

    def body(self, entry):
        suffix = "sse" if entry["stream"] else "json"
        return (self.folder / entry["format"] / f"{entry['id']}.{suffix}").read_bytes()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Replies are small and latency decides how long the run takes.
    wbufsize = 0
    disable_nagle_algorithm = True

    def do_POST(self):
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        in_path = MODEL_IN_PATH.search(self.path)
        model = in_path.group(1) if in_path else body.get("model", "")
        self.server.seen_headers.append(dict(self.headers))
        entry = self.server.corpus.recordings.get(model.rsplit("/", 1)[-1])
        if entry is None:
            self.answer(404, "application/json", [b'{"error":{"message":"no such recording"}}'])
            return
        data = self.server.corpus.body(entry)
        if entry["stream"]:
            self.answer(entry.get("status", 200), "text/event-stream", self.pieces(data), chunked=True)
        else:
            self.answer(entry.get("status", 200), "application/json", [data])

    def pieces(self, data):
        size = self.server.chunk
        if size:
            return [data[at : at + size] for at in range(0, len(data), size)]
        return [piece for piece in EVENT.findall(data) if piece]

    def answer(self, status, content_type, pieces, chunked=False):
        head = {"content-type": content_type}
        if chunked:
            head["transfer-encoding"] = "chunked"
            pieces = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces] + [b"0\r\n\r\n"]
        else:
            head["content-length"] = str(sum(map(len, pieces)))
        self.send_response(status)
        for name, value in head.items():
            self.send_header(name, value)
        self.end_headers()
        # The client sees each piece by itself, however they travel: as a chunk of the transfer coding.
        self.wfile.write(b"".join(pieces))

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that closes its connection early is no fault of the upstream's."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def serve(folder, chunk=0):
    """Starts an upstream on a free port of 127.0.0.1 and gives it; `chunk` 0 writes event by event."""
    server = Server(("127.0.0.1", 0), Handler)
    server.corpus = Corpus(folder)
    server.chunk = chunk
    server.seen_headers = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
