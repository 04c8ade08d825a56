"""``tidelock demo``: one program validated, run and debugged on one runtime, before your eyes."""

from __future__ import annotations

from tidelock.shared.version import VERSION
from tidelock.terminal import exits
from tidelock.terminal.arguments import error_document
from tidelock.terminal.demo import story
from tidelock.terminal.demo.transcript import Checks, Transcript
from tidelock.terminal.invocation import Invocation


def run(invocation: Invocation) -> int:
    """Play the story; 1 if something was not as it must be."""
    console = invocation.console
    settings = invocation.settings(invocation.workspace())
    is_check = invocation.options.check
    if not is_check:
        console.say(f"Tidelock {VERSION}: one Lua runtime, seen from editor, notebook and debugger")
        console.say("The program: examples/tides, high and low water at the Golden Gate")
    tally = story.tell(settings, Checks(console) if is_check else Transcript(console))
    observations = tally.observations
    held = sum(observation.held for observation in observations)
    took = observations[-1].at_s
    summary = f"{held} of {len(observations)} observations held, in {took:.1f} s"
    is_good = held == len(observations)
    console.say(
        summary if is_check else "\n" + console.paint(summary, "good" if is_good else "error")
    )
    if not is_check and is_good:
        console.say(
            "Yours next: tidelock run FILE, tidelock repl, and 'tidelock lsp' in your editor."
        )
    error = None
    if not is_good:
        names = [observation.name for observation in observations if not observation.held]
        error = error_document("check", f"not as they must be: {', '.join(names)}")
    steps = [
        {"step": number, "title": step.title, "text": step.text}
        for number, step in enumerate(story.STEPS, 1)
    ]
    made = [observation._asdict() for observation in observations]
    console.document({"steps": steps, "observations": made, "held": held, "took_s": took}, error)
    return exits.DONE if is_good else exits.FAILED
