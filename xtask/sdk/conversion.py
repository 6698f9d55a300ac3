"""The official SDK of each format before an upstream of each other format: an answer means the same to all of them.

Starts an upstream that replays a corpus, starts the server on a database of its own, and asks for every recording with
the SDK of its own format straight from the upstream, and through the server with the SDKs of the three other formats.
What an answer means must be the same, see `meaning.py`. An error must be raised as an error of its class; a stream that
tells an error or stops short must never look like a success. The core of an answer is its text, its calls, why it ended
and the tokens that went in and out; one passes when the rest is equal too. The last line reads `N passed, N failed`.
"""

import re
import sys
from collections import Counter
from dataclasses import asdict, replace

from bench import Bench, parse_arguments, verdict
from meaning import ASK, Fault, outcome

CORE = {"error", "text", "calls", "stop", "input tokens", "output tokens"}
OPENAI = {"chat", "responses"}
WITHOUT_WORD_FOR_CALLS = {"responses", "gemini"}
# JSON can say half of a surrogate pair, UTF-8 cannot: the character for what cannot be said stands in its place.
HALF_OF_PAIR = re.compile("[\ud800-\udfff]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# How much of a value a miss shows.
SHOWN = 160


def same(expected, got):
    """Whether two JSON values are equal: 1 is 1.0, but `true` is neither."""
    if isinstance(expected, str) and isinstance(got, str):
        return HALF_OF_PAIR.sub(REPLACEMENT, expected) == HALF_OF_PAIR.sub(REPLACEMENT, got)
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, dict) and isinstance(got, dict):
        return expected.keys() == got.keys() and all(same(value, got[name]) for name, value in expected.items())
    if isinstance(expected, (list, tuple)) and isinstance(got, (list, tuple)):
        return len(expected) == len(got) and all(map(same, expected, got))
    return expected == got


def differences(entry, target, expected, got):
    """What differs between what was expected and what the target's SDK sees, by name."""
    if isinstance(expected, Fault) and expected.how == "unreadable":
        # Nobody says what it means, but what comes of it must be grammatical, or an error.
        return {"error": (expected, got)} if isinstance(got, Fault) and got.how != "told" else {}
    if isinstance(expected, Fault):
        return differences_of_faults(entry, expected, got)
    if isinstance(got, Fault) or got.is_scattered:
        return {"error": (None, got)}
    expected = settled(expected, entry["format"], target)
    if not {entry["format"], target} <= OPENAI:
        # Only OpenAI has a place of its own for the words of a refusal; elsewhere they are text.
        expected = replace(expected, text=expected.text + expected.refusal, refusal="")
        got = replace(got, text=got.text + got.refusal, refusal="")
    if expected.stop is None:
        # The reason has no counterpart in the other formats.
        got = replace(got, stop=None)
    pairs = {name: (getattr(expected, name), getattr(got, name)) for name in ("text", "refusal", "reasoning", "stop")}
    pairs["calls"] = comparable_calls(expected.calls, got.calls)
    pairs["sources"] = (expected.sources, got.sources)
    pairs.update(pairs_of_usage(target, expected.usage, got.usage))
    return {name: pair for name, pair in pairs.items() if not same(*pair)}


def settled(meaning, source, target):
    """An answer whose reason to end is what the target can say of it."""
    stop, calls = meaning.stop, bool(meaning.calls)
    if stop == "stop" and calls and (source == "chat" or target in WITHOUT_WORD_FOR_CALLS):
        # Chat Completions says `stop` where the client named the tool. (Anthropic says `end_turn` where its own tools
        # have called the client's; only it and Chat Completions can tell the two apart.)
        stop = "tools"
    if stop == "tools" and not calls:
        # Calls of which none is there are no reason to end.
        stop = "stop"
    return replace(meaning, stop=stop)


def comparable_calls(expected, got):
    """Arguments within which the answer ended are no JSON, and some SDKs complete them: only the name counts then."""
    broken = {index for index, (_, arguments) in enumerate(expected) if isinstance(arguments, str)}
    expected = [(name, None if index in broken else arguments) for index, (name, arguments) in enumerate(expected)]
    got = [(name, None if index in broken else arguments) for index, (name, arguments) in enumerate(got)]
    return expected, got


def pairs_of_usage(target, expected, got):
    if expected is None:
        # Anthropic and Responses cannot leave it out, so that they tell zeros where the upstream told nothing.
        return {}
    if target == "gemini":
        # The thoughts are a part of the whole there; some upstreams count them beside the output.
        expected = replace(expected, reasoning=min(expected.reasoning, expected.output))
    got = asdict(got) if got else {}
    return {f"{name} tokens": (number, got.get(name)) for name, number in asdict(expected).items()}


def differences_of_faults(entry, expected, got):
    """An upstream's error is raised by every SDK; of one that the HTTP status told, the class stays."""
    if not isinstance(got, Fault) or got.how != "told":
        return {"error": (expected, got)}
    status = entry.get("status", 200)
    if status >= 400 and (got.status is None or got.status // 100 != status // 100):
        return {"error": (expected, got)}
    return {}


class Table:
    """Scores of each direction and kind."""

    def __init__(self):
        self.total, self.core, self.full = Counter(), Counter(), Counter()

    def add(self, row, found):
        self.total[row] += 1
        self.core[row] += not CORE & found.keys()
        self.full[row] += not found

    def print(self):
        print(f"{'source':<10} {'target':<10} {'kind':<6} {'core':>15} {'full':>15}")
        order = list(ASK)
        rows = sorted(self.total, key=lambda row: (order.index(row[0]), order.index(row[1]), row[2]))
        for row in rows:
            source, target, kind = row
            core, full = (share(counter[row], self.total[row]) for counter in (self.core, self.full))
            print(f"{source:<10} {target:<10} {kind:<6} {core:>15} {full:>15}")
        for kind in sorted({row[2] for row in rows}):
            of_kind = [row for row in rows if row[2] == kind]
            total = sum(self.total[row] for row in of_kind)
            core, full = (share(sum(counter[row] for row in of_kind), total) for counter in (self.core, self.full))
            print(f"{'all':<21} {kind:<6} {core:>15} {full:>15}")


def share(part, whole):
    return f"{part}/{whole} {100 * part / whole:5.1f} %"


def shown(value):
    text = repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + ".."


def compare(bench):
    """Asks for every recording in every other format; gives the scores, the misses and what could not be scored."""
    table, misses, unreadable = Table(), [], []
    for entry in bench.recordings:
        source, model, stream = entry["format"], entry["id"], entry["stream"]
        expected = outcome(source, bench.direct(source), model, stream)
        is_scored = not isinstance(expected, Fault) or expected.how != "unreadable"
        if not is_scored:
            unreadable.append(f"  {model}: {expected.message}")
        for target in ASK:
            if target == source:
                continue
            got = outcome(target, bench.through(entry, target), model, stream)
            found = differences(entry, target, expected, got)
            if is_scored or found:
                table.add((source, target, "stream" if stream else "json"), found)
            for name, (wanted, seen) in found.items():
                misses.append(f"{source} -> {target} {model}: {name}")
                misses.append(f"  want {shown(wanted)}\n  got  {shown(seen)}")
    return table, misses, unreadable


def main():
    with Bench(parse_arguments(__doc__)) as bench:
        table, misses, unreadable = compare(bench)
        leaks = bench.leaks()
    table.print()
    if unreadable:
        print("\nnot scored, since their own SDK cannot read them; the others do, or see an error:")
        print(*unreadable, sep="\n")
    if misses:
        print("\nmisses:", *misses, sep="\n")
    passed = sum(table.full.values())
    return verdict(passed, sum(table.total.values()) - passed + bool(leaks))


if __name__ == "__main__":
    sys.exit(main())
