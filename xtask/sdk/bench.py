"""What a run needs: an upstream that replays a corpus, the server before it, and the SDKs for both."""

import argparse
import os
import tempfile

from clients import client_of
from replay_upstream import serve
from server import UPSTREAM_KEY, Server

# Larger than any recording.
WHOLE = 1 << 40


def size_of_pieces(text):
    """`whole`, or a number of bytes."""
    return WHOLE if text == "whole" else int(text)


def parse_arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--server", required=True, help="the server's binary")
    parser.add_argument("--corpus", required=True, help="a folder of recordings")
    parser.add_argument(
        "--chunk",
        type=size_of_pieces,
        default=0,
        help="write streams in pieces of so many bytes, or `whole`; event by event when absent",
    )
    return parser.parse_args()


class Bench:
    """The upstream and the server, for as long as the block lasts."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.clients = {}
        self.services = set()

    def __enter__(self):
        self.upstream = serve(self.arguments.corpus, self.arguments.chunk)
        self.upstream_base = f"http://127.0.0.1:{self.upstream.server_address[1]}"
        self.folder = tempfile.TemporaryDirectory()
        self.server = Server(os.path.abspath(self.arguments.server), self.folder.name)
        return self

    def __exit__(self, *_):
        self.server.stop()
        self.folder.cleanup()
        self.upstream.shutdown()

    @property
    def recordings(self):
        return self.upstream.corpus.recordings.values()

    def direct(self, kind):
        """The SDK of a format, straight to the upstream."""
        return self.client(kind, self.upstream_base, UPSTREAM_KEY)

    def through(self, entry, kind):
        """The SDK of a format, through the server, to the upstream of a recording's format."""
        slug = source = entry["format"]
        if entry.get("status", 200) >= 400:
            # What an error teaches about a key must not reach the next recording, nor the same one's next client.
            slug = f"{entry['id']}-{kind}"
        if slug not in self.services:
            self.services.add(slug)
            self.server.create_service(slug, source, self.upstream_base)
        return self.client(kind, f"{self.server.base}/llm/{slug}", self.server.client_key)

    def client(self, kind, base, key):
        if (kind, base) not in self.clients:
            self.clients[kind, base] = client_of(kind, base, key)
        return self.clients[kind, base]

    def leaks(self):
        """How many requests brought the client key to the upstream."""
        leaked = sum(self.server.client_key in str(headers) for headers in self.upstream.seen_headers)
        if leaked:
            print(f"the client key reached the upstream in {leaked} requests")
        return leaked


def verdict(passed, failed):
    """Prints the last line and gives the program's exit code."""
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0
