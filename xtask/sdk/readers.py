"""Requests as the upstreams of each format read them: the pieces of the conversation, in order."""

import json

from script import Call, Result, Thought, Told, Words


def texts(content, names=("text",)):
    """The texts of what is one text or a list of parts."""
    if content is None:
        return []
    if isinstance(content, str):
        return [content]
    return [part[name] for part in content for name in names if isinstance(part.get(name), str)]


def read_chat(body):
    pieces = []
    for message in body["messages"]:
        role, content = message["role"], message.get("content")
        if role == "tool":
            pieces.append(Result(message["tool_call_id"], "\n".join(texts(content))))
            continue
        if role != "assistant":
            pieces += [Told("user" if role == "user" else "system", text) for text in texts(content)]
            continue
        bare, details = message.get("reasoning_content") or message.get("reasoning"), message.get("reasoning_details")
        if bare or details:
            pieces.append(Thought((bare,) if bare else (), details))
        pieces += [Words(text) for text in texts(content) if text]
        for call in message.get("tool_calls") or []:
            pieces.append(read_call(call["id"], call["function"], call.get("extra_content")))
    return pieces


def read_call(call_id, function, seal=None):
    """A call whose arguments are a text."""
    written = function["arguments"]
    return Call(call_id, function["name"], json.loads(written), seal, written)


def read_responses(body):
    pieces = [Told("system", body["instructions"])] if body.get("instructions") else []
    for item in body["input"]:
        kind = item.get("type", "message")
        if kind == "reasoning":
            # Thoughts as they are, not a summary of them, are another thing.
            shown = texts(item["summary"]) + [f"not a summary: {text}" for text in texts(item.get("content"))]
            pieces.append(Thought(tuple(shown), item.get("encrypted_content"), item["id"]))
        elif kind == "function_call":
            pieces.append(read_call(item["call_id"], item))
        elif kind == "function_call_output":
            pieces.append(Result(item["call_id"], "\n".join(texts(item["output"]))))
        elif item["role"] == "assistant":
            pieces += [Words(text) for text in texts(item["content"])]
        else:
            role = "user" if item["role"] == "user" else "system"
            pieces += [Told(role, text) for text in texts(item["content"])]
    return pieces


def read_messages(body):
    pieces = [Told("system", text) for text in texts(body.get("system"))]
    for message in body["messages"]:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for block in blocks:
            kind = block["type"]
            if kind == "tool_result":
                pieces.append(Result(block["tool_use_id"], "\n".join(texts(block.get("content")))))
            elif kind == "thinking":
                shown = (block["thinking"],) if block["thinking"] else ()
                pieces.append(Thought(shown, block["signature"]))
            elif kind == "redacted_thinking":
                pieces.append(Thought((), block["data"], is_redacted=True))
            elif kind == "tool_use":
                pieces.append(Call(block["id"], block["name"], block["input"]))
            else:
                is_models = message["role"] == "assistant"
                pieces.append(Words(block["text"]) if is_models else Told("user", block["text"]))
    return pieces


def either(part, name, other):
    return part.get(name, part.get(other))


def read_gemini(body):
    instruction = either(body, "systemInstruction", "system_instruction") or {}
    pieces = [Told("system", text) for text in texts(instruction.get("parts"))]
    for content in body["contents"]:
        for part in content["parts"]:
            pieces.append(read_part(part, content.get("role")))
    return folded(pieces)


def read_part(part, role):
    seal = either(part, "thoughtSignature", "thought_signature")
    call = either(part, "functionCall", "function_call")
    result = either(part, "functionResponse", "function_response")
    if call:
        return Call(call.get("id"), call["name"], call.get("args", {}), seal)
    if result:
        response = result["response"]
        text = response["output"] if set(response) == {"output"} else json.dumps(response)
        return Result(result.get("id"), text)
    if part.get("thought"):
        return Thought((part["text"],), seal)
    return Words(part["text"], seal) if role == "model" else Told("user", part["text"])


def folded(pieces):
    """Texts that come in pieces, put together: up to the signature, which may stand on an empty one."""
    whole = []
    for piece in pieces:
        last = whole[-1] if whole else None
        if isinstance(piece, (Words, Thought)) and type(last) is type(piece) and last.seal is None:
            if isinstance(piece, Words):
                whole[-1] = Words(last.text + piece.text, piece.seal)
            else:
                whole[-1] = Thought((last.sections[0] + piece.sections[0],), piece.seal)
        elif piece != Words(""):
            whole.append(piece)
    return whole


READ = {"chat": read_chat, "responses": read_responses, "messages": read_messages, "gemini": read_gemini}


def tools(form, body):
    """The tools of a request: their descriptions and parameters by their names."""
    declared = body.get("tools") or []
    if form == "chat":
        declared = [tool["function"] for tool in declared]
    elif form == "gemini":
        groups = [either(group, "functionDeclarations", "function_declarations") for group in declared]
        declared = [tool for group in groups for tool in group]
    names = ("parameters", "input_schema", "parametersJsonSchema", "parameters_json_schema")
    schema = [next((tool[name] for name in names if tool.get(name)), None) for tool in declared]
    return {tool["name"]: (tool.get("description"), parameters) for tool, parameters in zip(declared, schema)}


def thinks(form, body):
    """Whether the request asks for reasoning that can be sent back."""
    if form == "chat":
        return bool(body.get("reasoning_effort"))
    if form == "responses":
        is_kept = body.get("store", True) is not False
        return is_kept or "reasoning.encrypted_content" in (body.get("include") or [])
    if form == "messages":
        return (body.get("thinking") or {}).get("type") == "enabled"
    config = either(body, "generationConfig", "generation_config") or {}
    return bool(either(config, "thinkingConfig", "thinking_config"))


def strings(value):
    """Every text of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, held in value.items():
            yield name
            yield from strings(held)
    elif isinstance(value, list):
        for held in value:
            yield from strings(held)
