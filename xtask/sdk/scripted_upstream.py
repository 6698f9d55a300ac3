"""An upstream of every format that plays its part in a conversation, and looks whether it gets back what is its own."""

import base64
import json
import socket
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import zip_longest

from issuers import ISSUERS, MODELS
from readers import READ, strings, thinks, tools
from script import (
    AFTERTHOUGHT,
    AFTERTHOUGHT_TURN,
    QUESTION,
    SYSTEM,
    TOOLS,
    TURNS,
    UNNAMED,
    Call,
    Result,
    Script,
    Thought,
    Told,
    json_of,
)

# What every envelope of the server's begins with.
ENVELOPE = "cm90YXRvci5zZWFs"
# The vendor takes it in place of a signature for calls that its models did not make.
NO_SIGNATURE = "context_engineering_is_the_way_to_go"
MOST_TOLD = 3


class Conversation:
    """One client's conversation: who answers which turn, and what was found to be wrong.

    `issuers` are the formats of the upstreams that answer, one a turn.
    """

    def __init__(self, name, client, issuers, stream):
        self.name = name
        self.client = client
        self.issuers = issuers
        self.script = Script(name, stream)
        self.turn = 0
        self.violations = []
        self.asked = 0
        # What the upstream of OpenAI's Responses keeps: all items up to an answer.
        self.kept = {}

    @property
    def is_switching(self):
        return len(set(self.issuers)) > 1

    def blame(self, text):
        self.violations.append(f"turn {self.turn + 1}: {text}")

    def is_down(self, form):
        return form != self.issuers[self.turn]

    def answer(self, form, body):
        """What the upstream says in this turn, after a look at the request."""
        self.asked += 1
        if body.get("model", MODELS[form]) != MODELS[form]:
            self.blame(f"the {form} upstream was asked for the model {body['model']}")
        if form == "responses":
            body = self.completed(body)
        self.check(form, body)
        number = f"{self.script.tag}{self.turn}"
        pieces = self.script.answer(form, self.turn)
        issuer = ISSUERS[form]
        if form == "responses":
            self.kept[f"resp_{number}"] = body["input"] + issuer.whole(number, pieces)["output"]
        return issuer.whole(number, pieces), issuer.events(number, pieces)

    def completed(self, body):
        """A request of OpenAI's Responses with the items that it goes on from."""
        told = body["input"]
        told = [{"role": "user", "content": told}] if isinstance(told, str) else told
        previous = body.get("previous_response_id")
        if previous is not None and previous not in self.kept:
            self.blame(f"the upstream does not know the answer {previous}")
        return {**body, "input": self.kept.get(previous, []) + told}

    # What has to be there.

    def expected(self, form):
        pieces = [Told("system", SYSTEM), Told("user", QUESTION)]
        for turn in range(self.turn):
            issuer = self.issuers[turn]
            said = self.script.answer(issuer, turn)
            if issuer == form:
                pieces += [self.written(form, piece) for piece in said]
            else:
                pieces += [bare(piece) for piece in said if not isinstance(piece, Thought)]
            pieces += self.script.results(issuer, turn)
            if turn == AFTERTHOUGHT_TURN:
                pieces.append(Told("user", AFTERTHOUGHT))
        return pieces

    def written(self, form, piece):
        """The piece with the text of its arguments, where neither side has them as an object."""
        is_text = {form, self.client} <= {"chat", "responses"} and isinstance(piece, Call)
        return replace(piece, written=json_of(piece.arguments)) if is_text else piece

    def check(self, form, body):
        self.check_pieces(form, READ[form](body))
        declared = tools(form, body)
        for name, (description, schema) in TOOLS.items():
            told, parameters = declared.get(name, (None, {}))
            properties = (parameters or {}).get("properties", {})
            if told != description or list(properties) != list(schema["properties"]):
                self.blame(f"the tool {name} is told as {declared.get(name)}")
        if not self.is_switching and not thinks(form, body):
            self.blame("the request does not ask for reasoning")
        foreign = set()
        for other in ISSUERS:
            if other != form:
                foreign |= self.script.seals(other)
        for text in strings(body):
            if ENVELOPE in text:
                self.blame(f"an envelope reached the {form} upstream: {short(text)}")
            if any(seal in text for seal in foreign):
                self.blame(f"another upstream's seal reached the {form} upstream: {short(text)}")

    def check_pieces(self, form, got):
        expected = self.expected(form)
        # Thoughts that nobody sealed may stay away, but for those that a relay wants to have back.
        if form != "chat":
            expected = [piece for piece in expected if not is_bare(piece)]
        got = [piece for piece in got if not is_bare(piece) or (form == "chat" and piece in expected)]
        ids, found = {}, 0
        for place, (wanted, piece) in enumerate(zip_longest(expected, got)):
            if not self.is_same(form, wanted, piece, ids):
                found += 1
                if found <= MOST_TOLD:
                    self.blame(f"piece {place}: expected {short(wanted)}, got {short(piece)}")

    def is_same(self, form, wanted, got, ids):
        if type(wanted) is not type(got):
            return False
        if isinstance(wanted, Told):
            return wanted == got
        if isinstance(wanted, Result):
            return ids.get(wanted.call_id, wanted.call_id) == got.call_id and is_same_text(wanted.text, got.text)
        if isinstance(wanted, Call):
            if wanted.id.startswith(UNNAMED):
                ids[wanted.id] = got.id
            is_same = ids.get(wanted.id, wanted.id) == got.id
            is_same = is_same and (wanted.name, wanted.arguments) == (got.name, got.arguments)
            is_same = is_same and wanted.written in (None, got.written)
            is_dummy = form == "gemini" and wanted.seal is None and got.seal == NO_SIGNATURE
            return is_same and (is_dummy or self.is_same_seal(form, wanted.seal, got.seal))
        if not self.is_same_seal(form, wanted.seal, got.seal):
            return False
        if isinstance(wanted, Thought):
            # The text of a relay's thoughts stands in their details.
            is_text_free = form == "chat" and wanted.seal is not None
            is_same = is_text_free or self.is_same_thought(wanted.sections, got.sections)
            return is_same and (wanted.item_id, wanted.is_redacted) == (got.item_id, got.is_redacted)
        return wanted.text == got.text

    def is_same_thought(self, wanted, got):
        """Two formats know no sections of thoughts: through their clients a blank line stands between them."""
        has_sections = self.client in ("chat", "responses")
        return wanted == got if has_sections else "\n\n".join(wanted) == "\n\n".join(got)

    def is_same_seal(self, form, wanted, got):
        if form == self.client == "gemini" and isinstance(wanted, str) and isinstance(got, str):
            # The vendor's SDK holds the bytes and writes them in another alphabet.
            return base64.b64decode(wanted) == base64.urlsafe_b64decode(got)
        return wanted == got


def bare(piece):
    """The piece as an upstream gets it that did not make it."""
    return Call(piece.id, piece.name, piece.arguments) if isinstance(piece, Call) else type(piece)(piece.text)


def is_bare(piece):
    return isinstance(piece, Thought) and not piece.seal


def is_same_text(wanted, got):
    """Whether a tool's answer is the same; one that is JSON may be written otherwise."""
    try:
        return json.loads(wanted) == json.loads(got)
    except ValueError:
        return wanted == got


def short(value):
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 300 else f"{text[:200]} .. {text[-60:]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Replies are small and latency decides how long the run takes.
    wbufsize = 0
    disable_nagle_algorithm = True

    def do_POST(self):
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length))
        form, is_stream = self.asked_for(body)
        conversation = self.server.conversation
        if conversation.is_down(form):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        try:
            whole, events = conversation.answer(form, body)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            conversation.blame(f"the {form} upstream cannot read the request: {error!r}: {short(json.dumps(body))}")
            self.reply(400, "application/json", [b'{"error":{"message":"the request makes no sense"}}'])
            return
        if is_stream:
            self.reply(200, "text/event-stream", events)
        else:
            self.reply(200, "application/json", [json.dumps(whole).encode()])

    def asked_for(self, body):
        """The format, and whether the answer is to come in events."""
        path = self.path.partition("?")[0]
        for ending, form in (("/chat/completions", "chat"), ("/responses", "responses"), ("/messages", "messages")):
            if path.endswith(ending):
                return form, body.get("stream", False)
        return "gemini", "streamGenerateContent" in path

    def reply(self, status, content_type, pieces):
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_):
        pass


class Upstream(ThreadingHTTPServer):
    """The upstream of the conversation that is had right now."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.conversation = None
        self.base = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """A client that closes its connection early is no fault of the upstream's."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)
