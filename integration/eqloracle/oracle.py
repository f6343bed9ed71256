"""Evaluates queries with the package eql and prints, for each, the events that complete it.

On standard input: {"events": [...], "queries": [{"text": ..., "fold": ...}, ...]}, the events in the order of their
times. On standard output, for each query, a list of indexes into the events, or the text of an error.
"""
import datetime
import json
import sys

import eql.utils
from eql.engine import PythonEngine
from eql.events import Event
from eql.parser import allow_negation, allow_runs, elasticsearch_syntax, parse_query

TICKS = 10_000_000  # of the engine's clock, in a second


def convert(index, data):
    at = datetime.datetime.fromisoformat(data["published"].replace("Z", "+00:00"))
    data["index"] = index
    return Event(data["category"], round(at.timestamp() * 1000) * (TICKS // 1000), data)


def run(query, events):
    # The engine compares without regard to case everywhere, or nowhere.
    eql.utils.CASE_INSENSITIVE = query["fold"]
    found = []
    try:
        engine = PythonEngine()
        with elasticsearch_syntax, allow_runs, allow_negation:
            engine.add_query(parse_query(query["text"]))
        engine.add_output_hook(lambda output: found.append(output.events[-1].data["index"]))
        engine.stream_events(events)
    except Exception as e:  # whatever it is, it belongs to this query
        return "%s: %s" % (type(e).__name__, e)
    return found


def main():
    job = json.load(sys.stdin)
    events = [convert(i, data) for i, data in enumerate(job["events"])]
    json.dump([run(q, events) for q in job["queries"]], sys.stdout)


main()
