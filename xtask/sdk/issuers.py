"""Answers of the upstreams of each format, whole and in events, from the pieces of a script."""

import json

from script import UNNAMED, Call, Thought, Words, json_of

CREATED = 1_790_000_000
MODELS = {
    "chat": "relay/thinker-1",
    "responses": "gpt-5",
    "messages": "claude-sonnet-4-5",
    "gemini": "gemini-3-pro-preview",
}


def in_pieces(text, size=7):
    return [text[at : at + size] for at in range(0, len(text), size)]


def event(value, name=None):
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def calls_of(pieces):
    return [piece for piece in pieces if isinstance(piece, Call)]


def text_of(pieces):
    return "".join(piece.text for piece in pieces if isinstance(piece, Words)) or None


class Chat:
    """Chat Completions, of a relay."""

    USAGE = {"prompt_tokens": 9, "completion_tokens": 7, "total_tokens": 16}

    @staticmethod
    def call(call):
        function = {"name": call.name, "arguments": json_of(call.arguments)}
        extra = {"extra_content": call.seal} if call.seal else {}
        return {"id": call.id, "type": "function", "function": function, **extra}

    @classmethod
    def whole(cls, number, pieces):
        message = {"role": "assistant", "content": text_of(pieces)}
        for thought in (piece for piece in pieces if isinstance(piece, Thought)):
            # Relays have two names for it: with details, and without.
            if thought.sections:
                message["reasoning" if thought.seal else "reasoning_content"] = "\n\n".join(thought.sections)
            if thought.seal:
                message["reasoning_details"] = thought.seal
        calls = [cls.call(call) for call in calls_of(pieces)]
        if calls:
            message["tool_calls"] = calls
        finish = "tool_calls" if calls else "stop"
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        head = {"id": f"chatcmpl-{number}", "object": "chat.completion", "created": CREATED, "model": MODELS["chat"]}
        return {**head, "choices": [choice], "usage": cls.USAGE}

    @classmethod
    def events(cls, number, pieces):
        message = cls.whole(number, pieces)["choices"][0]["message"]
        deltas = [{"role": "assistant", "content": ""}]
        deltas += [{"reasoning_content": piece} for piece in in_pieces(message.get("reasoning_content", ""))]
        for part in (part for detail in message.get("reasoning_details", []) for part in cls.parts_of_detail(detail)):
            shown = {"reasoning": part["text"]} if "text" in part else {}
            deltas.append({**shown, "reasoning_details": [part]})
        deltas += [{"content": piece} for piece in in_pieces(message["content"] or "")]
        for index, call in enumerate(message.get("tool_calls", [])):
            function = call["function"]
            deltas.append({"tool_calls": [{**call, "index": index, "function": {**function, "arguments": ""}}]})
            for piece in in_pieces(function["arguments"]):
                deltas.append({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        for delta in deltas:
            yield event(cls.chunk(number, delta, None))
        yield event(cls.chunk(number, {}, "tool_calls" if "tool_calls" in message else "stop"))
        yield event({**cls.chunk(number, {}, None), "choices": [], "usage": cls.USAGE})
        yield b"data: [DONE]\n\n"

    @staticmethod
    def parts_of_detail(detail):
        """The text of a detail comes in pieces, and its signature after it."""
        key = {"type": detail["type"], "index": detail["index"]}
        first = {name: value for name, value in detail.items() if name not in ("text", "signature")}
        yield first
        for piece in in_pieces(detail.get("text", "")):
            yield {**key, "text": piece}
        if "signature" in detail:
            yield {**key, "signature": detail["signature"]}

    @staticmethod
    def chunk(number, delta, finish):
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        head = {"id": f"chatcmpl-{number}", "object": "chat.completion.chunk", "created": CREATED}
        return {**head, "model": MODELS["chat"], "choices": [choice]}


class Responses:
    """OpenAI Responses."""

    USAGE = {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 3},
        "total_tokens": 16,
    }

    @staticmethod
    def item(number, place, piece):
        if isinstance(piece, Thought):
            summary = [{"type": "summary_text", "text": text} for text in piece.sections]
            return {"id": piece.item_id, "type": "reasoning", "summary": summary, "encrypted_content": piece.seal}
        if isinstance(piece, Words):
            content = [{"type": "output_text", "text": piece.text, "annotations": [], "logprobs": []}]
            head = {"id": f"msg_{number}{place}", "type": "message", "status": "completed", "role": "assistant"}
            return {**head, "content": content}
        head = {"id": f"fc_{number}{place}", "type": "function_call", "status": "completed"}
        return {**head, "call_id": piece.id, "name": piece.name, "arguments": json_of(piece.arguments)}

    @classmethod
    def whole(cls, number, pieces):
        items = [cls.item(number, place, piece) for place, piece in enumerate(pieces)]
        return cls.response(number, "completed", items, cls.USAGE)

    @staticmethod
    def response(number, status, output, usage):
        return {
            "id": f"resp_{number}", "object": "response", "created_at": CREATED, "status": status, "error": None,
            "incomplete_details": None, "instructions": None, "max_output_tokens": None, "model": MODELS["responses"],
            "output": output, "parallel_tool_calls": True, "previous_response_id": None, "reasoning": {},
            "store": True, "temperature": 1.0, "text": {"format": {"type": "text"}}, "tool_choice": "auto",
            "tools": [], "top_p": 1.0, "truncation": "disabled", "usage": usage, "user": None, "metadata": {},
        }

    @classmethod
    def events(cls, number, pieces):
        items = cls.whole(number, pieces)["output"]
        told = [("response.created", {"response": cls.response(number, "in_progress", [], None)})]
        told.append(("response.in_progress", told[0][1]))
        for index, item in enumerate(items):
            told += cls.events_of_item(index, item)
        told.append(("response.completed", {"response": cls.whole(number, pieces)}))
        for sequence_number, (name, members) in enumerate(told):
            yield event({"type": name, "sequence_number": sequence_number, **members}, name)

    @classmethod
    def events_of_item(cls, index, item):
        begun = {**item, "status": "in_progress"}
        if item["type"] == "reasoning":
            # Not yet what it will be.
            begun = {**item, "summary": [], "encrypted_content": item["encrypted_content"][:40]}
            body = cls.summary_events(index, item)
        elif item["type"] == "message":
            begun["content"] = []
            body = cls.text_events(index, item)
        else:
            begun["arguments"] = ""
            body = cls.argument_events(index, item)
        yield "response.output_item.added", {"output_index": index, "item": begun}
        yield from body
        yield "response.output_item.done", {"output_index": index, "item": item}

    @staticmethod
    def summary_events(index, item):
        for place, part in enumerate(item["summary"]):
            at = {"item_id": item["id"], "output_index": index, "summary_index": place}
            yield "response.reasoning_summary_part.added", {**at, "part": {**part, "text": ""}}
            for delta in in_pieces(part["text"]):
                yield "response.reasoning_summary_text.delta", {**at, "delta": delta}
            yield "response.reasoning_summary_text.done", {**at, "text": part["text"]}
            yield "response.reasoning_summary_part.done", {**at, "part": part}

    @staticmethod
    def text_events(index, item):
        part = item["content"][0]
        at = {"item_id": item["id"], "output_index": index, "content_index": 0}
        yield "response.content_part.added", {**at, "part": {**part, "text": ""}}
        for delta in in_pieces(part["text"]):
            yield "response.output_text.delta", {**at, "delta": delta, "logprobs": []}
        yield "response.output_text.done", {**at, "text": part["text"], "logprobs": []}
        yield "response.content_part.done", {**at, "part": part}

    @staticmethod
    def argument_events(index, item):
        at = {"item_id": item["id"], "output_index": index}
        for delta in in_pieces(item["arguments"]):
            yield "response.function_call_arguments.delta", {**at, "delta": delta}
        done = {"arguments": item["arguments"], "name": item["name"]}
        yield "response.function_call_arguments.done", {**at, **done}


class Messages:
    """Anthropic Messages."""

    @staticmethod
    def block(piece):
        if isinstance(piece, Thought):
            if piece.is_redacted:
                return {"type": "redacted_thinking", "data": piece.seal}
            return {"type": "thinking", "thinking": "\n\n".join(piece.sections), "signature": piece.seal}
        if isinstance(piece, Words):
            return {"type": "text", "text": piece.text}
        return {"type": "tool_use", "id": piece.id, "name": piece.name, "input": piece.arguments}

    @classmethod
    def whole(cls, number, pieces):
        stop = "tool_use" if calls_of(pieces) else "end_turn"
        return {
            "id": f"msg_{number}", "type": "message", "role": "assistant", "model": MODELS["messages"],
            "content": [cls.block(piece) for piece in pieces], "stop_reason": stop, "stop_sequence": None,
            "usage": {"input_tokens": 9, "output_tokens": 7},
        }

    @classmethod
    def events(cls, number, pieces):
        whole = cls.whole(number, pieces)
        begun = {**whole, "content": [], "stop_reason": None}
        told = [{"type": "message_start", "message": begun}, {"type": "ping"}]
        for index, block in enumerate(whole["content"]):
            empty, deltas = cls.deltas(block)
            told.append({"type": "content_block_start", "index": index, "content_block": empty})
            told += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
            told.append({"type": "content_block_stop", "index": index})
        ending = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
        told.append({"type": "message_delta", "delta": ending, "usage": {"output_tokens": 7}})
        told.append({"type": "message_stop"})
        for value in told:
            yield event(value, value["type"])

    @staticmethod
    def deltas(block):
        """How a block begins, and what follows."""
        if block["type"] == "thinking":
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in in_pieces(block["thinking"])]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
            return {**block, "thinking": "", "signature": ""}, deltas
        if block["type"] == "text":
            return {**block, "text": ""}, [{"type": "text_delta", "text": piece} for piece in in_pieces(block["text"])]
        if block["type"] == "tool_use":
            pieces = in_pieces(json_of(block["input"]))
            return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
        return block, []


class Gemini:
    """Gemini generateContent."""

    USAGE = {"promptTokenCount": 9, "candidatesTokenCount": 4, "thoughtsTokenCount": 3, "totalTokenCount": 16}

    @staticmethod
    def part(piece):
        seal = {"thoughtSignature": piece.seal} if piece.seal else {}
        if isinstance(piece, Thought):
            return {"text": "\n\n".join(piece.sections), "thought": True, **seal}
        if isinstance(piece, Words):
            return {"text": piece.text, **seal}
        own = {} if piece.id.startswith(UNNAMED) else {"id": piece.id}
        return {"functionCall": {**own, "name": piece.name, "args": piece.arguments}, **seal}

    @classmethod
    def whole(cls, number, pieces):
        return cls.answer(number, [cls.part(piece) for piece in pieces], "STOP")

    @classmethod
    def answer(cls, number, parts, finish):
        candidate = {"content": {"role": "model", "parts": parts}, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        head = {"usageMetadata": cls.USAGE, "modelVersion": MODELS["gemini"], "responseId": f"g{number}"}
        return {"candidates": [candidate], **head}

    @classmethod
    def events(cls, number, pieces):
        for piece in pieces:
            part = cls.part(piece)
            if "text" not in part:
                yield event(cls.answer(number, [part], None))
                continue
            rest = {name: value for name, value in part.items() if name not in ("text", "thoughtSignature")}
            for text in in_pieces(part["text"]):
                yield event(cls.answer(number, [{"text": text, **rest}], None))
            if piece.seal:
                # The signature of a text comes after it, on an empty one.
                yield event(cls.answer(number, [{"text": "", **rest, "thoughtSignature": piece.seal}], None))
        yield event(cls.answer(number, [{"text": ""}], "STOP"))


ISSUERS = {"chat": Chat, "responses": Responses, "messages": Messages, "gemini": Gemini}
