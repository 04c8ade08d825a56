"""Our own messages: what the server says to editors beyond the protocol."""

from __future__ import annotations

from collections.abc import Mapping

OUTPUT = "tidelock/output"
EXECUTION_FINISHED = "tidelock/executionFinished"
STATUS = "tidelock/status"
START_DEBUGGING = "tidelock/startDebugging"
STATEMENT_RANGE = "tidelock/statementRange"
"""A request of editors; it stands in the table of requests."""

MESSAGES: Mapping[str, str] = {
    OUTPUT: "a run that the editor asked for has written something",
    EXECUTION_FINISHED: "such a run has ended",
    STATUS: "what the program does has changed; at most four times a second",
    START_DEBUGGING: "a request: start the debug adapter with a configuration",
}
"""Each with what it is for, in a few words."""
