"""``tidelock debug``, and the debugger's commands in ``tidelock repl``."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from .conftest import Mode, Place

MAIN = """\
local total = 0
local function add(n)
  local before = total
  total = total + n
  return total
end
for i = 1, 5 do
  add(i)
end
print("total", total)
"""


@pytest.fixture
def main(lua: Mode) -> Path:
    return lua.file("main.lua", MAIN)


def lines(*texts: str) -> str:
    return "".join(text + "\n" for text in texts)


def test_a_story_from_a_pipe(lua: Mode, main: Path) -> None:
    commands = lines(
        ".locals", "total", ".next", "total", ".stack", ".up", "i", ".assign i = 10", ".finish",
        ".delete 1", ".continue",
    )  # fmt: skip
    result = lua.run(
        "debug", main, "--break-at", "4 if n == 2", "--watch", "total", stdin=commands
    ).expect(0)
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        "Paused at main.lua:4 in function 'add' (breakpoint 1)",
        "    1   local total = 0",
        "    2   local function add(n)",
        "    3     local before = total",
        "    4 >   total = total + n",
        "    5     return total",
        "    6   end",
        "    7   for i = 1, 5 do",
        "  [1] total = 1",
        "Local variables:",
        "  n = 2 (number)",
        "  before = 1 (number)",
        "1",  # the line has not run
        "Paused at main.lua:5 in function 'add' (step)",
        "    2   local function add(n)",
        "    3     local before = total",
        "    4 *   total = total + n",
        "    5 >   return total",
        "    6   end",
        "    7   for i = 1, 5 do",
        "    8     add(i)",
        "  [1] total = 3",
        "3",
        "> #0 main.lua:5 in add",
        "  #1 main.lua:8 in main chunk",
        "#1 main.lua:8 in main chunk",
        "    5     return total",
        "    6   end",
        "    7   for i = 1, 5 do",
        "    8 >   add(i)",
        "    9   end",
        '   10   print("total", total)',
        "  [1] total = 3",
        "2",
        "i = 10 (was 2)",
        "Paused at main.lua:7 in main chunk (step)",
        "    4 *   total = total + n",
        "    5     return total",
        "    6   end",
        "    7 > for i = 1, 5 do",
        "    8     add(i)",
        "    9   end",
        '   10   print("total", total)',
        "  [1] total = 3",
        "Breakpoint 1 at main.lua:4 deleted",
        "Continuing",
        "total\t15",
    ]


def test_without_a_breakpoint_the_script_just_runs(lua: Mode, main: Path) -> None:
    result = lua.run("debug", main, stdin="").expect(0)
    assert (result.stdout, result.stderr) == ("total\t15\n", "")


def test_a_stop_before_the_first_line(lua: Mode) -> None:
    script = lua.file("entry.lua", "print(...)\nx = 1\n")
    result = lua.run("debug", script, "--step", "--", "a", stdin=".next\nx\n.c\n").expect(0)
    notices = [line for line in result.stdout.splitlines() if not line.startswith("  ")]
    assert notices == [
        "Paused at entry.lua:1 in main chunk (entry)",
        "a",
        "Paused at entry.lua:2 in main chunk (step)",
        "nil",
        "Continuing",
    ]


def test_an_uncaught_error_stops_with_its_stack_alive(lua: Mode) -> None:
    script = lua.file(
        "fails.lua", "local function f(x)\n  error('boom ' .. x, 0)\nend\nf('here')\n"
    )
    result = lua.run("debug", script, stdin="x\n").expect(1)
    assert "in function 'f' (exception)\nboom here\n" in result.stdout
    assert result.stdout.endswith('\n"here"\n')
    assert result.stderr.startswith("error: boom here\n")  # the end of the input lets it go on
    caught = lua.run("debug", script, "--break-on", "none", stdin="x\n").expect(1)
    assert (caught.stdout, caught.stderr[:16]) == ("", "error: boom here")


def test_which_errors_stop_is_an_option(place: Place) -> None:
    script = place.file("caught.lua", "print(pcall(error, 'held', 0))\nerror('free', 0)\n")

    def stops(*flags: str) -> int:
        result = place.run("debug", script, *flags, stdin=".c\n" * 3).expect(1)
        return result.stdout.count("(exception)")

    assert stops() == 1
    assert stops("--set", "debug.break_on=all") == 2
    assert stops("--set", "debug.break_on=none") == 0
    assert stops("--set", "debug.break_on=none", "--break-on", "uncaught") == 1
    place.run("debug", script, "--set", "debug.break_on=some").expect(3)


def test_errors_that_the_program_catches_stop_if_all_are_to(lua: Mode) -> None:
    script = lua.file("caught.lua", "print(pcall(function() error('held', 0) end))\n")
    result = lua.run("debug", script, "--break-on", "all", stdin=".c\n").expect(0)
    assert result.stdout.startswith("Paused at caught.lua:1 in function <caught.lua:1> (exception)")
    assert "\nheld\n" in result.stdout
    assert result.stdout.endswith("Continuing\nfalse\theld\n")
    commands = ".catch all\n.catch\n.c\n.catch none\n.c\n"
    result = lua.run("debug", script, "--step", stdin=commands).expect(0)
    assert "Stops at errors: all\n" in result.stdout
    assert "there is no filter ; there are all, uncaught, none\n" in result.stderr


def test_leaving_ends_the_script(lua: Mode, main: Path) -> None:
    for commands in (".exit\n", ""):
        result = lua.run("debug", main, "--break-at", "10", stdin=commands).expect(0)
        assert "Paused at main.lua:10" in result.stdout
        assert "total\t15" not in result.stdout
        assert result.stderr == ""
    assert lua.run("exec", "'alive'").stdout == '"alive"\n'


def test_the_code_of_the_script(lua: Mode) -> None:
    script = lua.file("code.lua", "os.exit(7)\n")
    assert lua.run("debug", script, "--step", stdin=".c\n").code == 7


def test_breakpoints_are_numbered_changed_and_listed(lua: Mode, main: Path) -> None:
    commands = lines(
        ".break 4 if n > 3", ".b 5 hit 2", ".b 3 log n is {n}", ".bl", ".disable 2", ".bl",
        ".enable 2", ".ignore 2 1", ".bl", ".d 1", ".d 9", ".d all", ".bl", ".b 99", ".b 4 if (",
        ".b", ".c",
    )  # fmt: skip
    result = lua.run("debug", main, "--step", stdin=commands)
    said = result.stdout.splitlines()[5:]
    assert said == [
        "Breakpoint 1 set at main.lua:4 (set in code that is already loaded: "
        "in force as soon as Lua can be reached)",
        *said[1:],
    ]
    text = "\n".join(said)
    assert "  2 main.lua:5 hit 2 (set" in text
    assert "  2 main.lua:5 hit 2 (disabled)" in text
    assert "  2 main.lua:5 hit > 1 (set" in text
    assert "Breakpoint 2 passes over its next 1 hits" in text
    assert "Breakpoint 1 at main.lua:4 deleted" in text
    assert "No breakpoints" in text
    assert "Breakpoint 4 at main.lua:99 cannot stop: no statement on this line" in text
    assert "Breakpoint 5 at main.lua:4 cannot stop: condition: " in text
    assert result.stderr == "no breakpoint 9; there are: 2, 3\n"
    assert said[-1] == "total\t15"


def test_log_messages_keep_their_place_in_the_output(lua: Mode) -> None:
    script = lua.file("logs.lua", "for i = 1, 3 do\n  print(i)\n  x = i\nend\nprint('end')\n")
    result = lua.run("debug", script, "--break-at", "3 log i is {i}", stdin="").expect(0)
    assert result.stdout == "1\ni is 1\n2\ni is 2\n3\ni is 3\nend\n"


@pytest.mark.parametrize(
    ("spot", "words"),
    [
        ("x", "'x' is no place for a breakpoint; write [FILE:]LINE"),
        ("nowhere.lua:1", "there is no file nowhere.lua"),
        ("99", "--break-at main.lua:99: no statement on this line"),
        ("4 if (", "--break-at main.lua:4: condition: "),
    ],
)
def test_a_breakpoint_that_cannot_be_is_a_usage_error(
    lua: Mode, main: Path, spot: str, words: str
) -> None:
    result = lua.run("debug", main, "--break-at", spot, stdin="").expect(2)
    assert words in result.stderr
    assert result.stdout == ""  # nothing has run


def test_a_line_without_code_moves_and_says_so(lua: Mode) -> None:
    script = lua.file("gaps.lua", "x = 1\n\n-- a remark\nx = 2\n")
    result = lua.run("debug", script, "--break-at", "2", stdin="x\n.c\n").expect(0)
    assert result.stderr == "Breakpoint 1 set at gaps.lua:4, the next line with code after 2\n"
    assert result.stdout.splitlines()[0] == "Paused at gaps.lua:4 in main chunk (breakpoint 1)"
    assert result.stdout.splitlines()[-2:] == ["1", "Continuing"]


def test_words_without_a_dot_are_commands_or_lua(lua: Mode, main: Path) -> None:
    commands = lines("n = 7", "n", ".print n", "p n + 1", "print('out')", "l", "q")
    result = lua.run("debug", main, "--break-at", "4", stdin=commands).expect(0)
    said = result.stdout.splitlines()[8:]
    # n alone steps, as in other debuggers
    assert said[0] == "Paused at main.lua:5 in function 'add' (step)"
    assert said[8:] == [
        "7", "8", "out", "Local variables:", "  n = 7 (number)", "  before = 0 (number)",
    ]  # fmt: skip


def test_errors_of_a_command_leave_the_stop(lua: Mode, main: Path) -> None:
    commands = lines(".frame 9", ".nope", "nil .. 1", ".run x.lua", ".unwatch 3", "total", ".exit")
    result = lua.run("debug", main, "--break-at", "4", stdin=commands).expect(0)
    errors = result.stderr.splitlines()
    assert errors[0] == "Invalid frame index; there are 0 to 1"
    assert errors[1].startswith("unknown command .nope")
    assert "attempt to concatenate a nil value" in errors[2]
    assert result.stdout.splitlines()[-1] == "0"


def test_nothing_is_paused(lua: Mode) -> None:
    commands = ".next\n.stack\n.locals\n.debug\n.watch x\n.watch\n.debug off\n"
    result = lua.place.run("repl", *lua.flags, stdin=commands)
    assert result.stderr == "Not paused.\nNot paused.\n"
    assert result.stdout == (
        "No local variables (not paused)\nThe debugger is not attached.\n"
        "  [1] x\n  [1] x\nThe debugger is not attached.\n"
    )


def test_breakpoints_in_a_repl(lua: Mode) -> None:
    module = lua.file(
        "reps.lua", "return function(n)\n  local twice = n * 2\n  return twice\nend\n"
    )
    commands = lines(
        f".break {module}:3 if twice > 4", f"f = dofile('{module}')", "f(1)", "f(5)", "twice", "c",
        "'after'",
    )  # fmt: skip
    result = lua.place.run("repl", *lua.flags, stdin=commands).expect(0)
    said = result.stdout.splitlines()
    assert said[0] == "Breakpoint 1 set at reps.lua:3"
    assert said[1] == "2"
    assert said[2].startswith("Paused at reps.lua:3 in function")
    assert said[-4:] == ["10", "Continuing", "10", '"after"']


def test_joining_what_stands_still(outside: Place) -> None:
    script = outside.file("held.lua", "local v = 41\nv = v + 1\nprint(v)\n")
    with outside.spawn("debug", script, "--connect", "outside", "--break-at", "3") as first:
        first.wait_for_line("Paused at held.lua:3.*")
        second = outside.run("debug", "--connect", "outside", stdin="v\n.assign v = 7\n.c\n")
        said = second.expect(0).stdout.splitlines()
        assert said[0].startswith("Paused at held.lua:3")
        assert said[4:7] == ["42", "v = 7 (was 42)", "Continuing"]
        first.wait_for_line("Resumed by another client.", stream="stderr")
        first.close_input()
        assert first.wait().code == 0
        assert first.stdout.splitlines()[-1] == "7"


def test_a_debugger_that_dies_lets_the_kernel_go_on(outside: Place) -> None:
    script = outside.file("left.lua", "left = 1\nleft = 2\n")
    with outside.spawn("debug", script, "--connect", "outside", "--break-at", "2") as first:
        first.wait_for_line("Paused at left.lua:2.*")
        first.signal(signal.SIGKILL)
        first.wait()
    assert outside.run("exec", "--connect", "outside", "left").expect(0).stdout == "2\n"


def test_wrong_calls(place: Place) -> None:
    assert "a script is missing" in place.run("debug").expect(2).stderr
    assert "speaks text only" in place.run("debug", "x.lua", "--output", "json").expect(2).stdout
    assert place.run("debug", "nowhere.lua").expect(2).stdout == ""


def test_a_terminal(place: Place) -> None:
    script = place.file("loop.lua", "local n = 0\nprint('on')\nwhile true do\n  n = n + 1\nend\n")
    with place.pty("debug", script) as terminal:
        terminal.expect("on\n")
        terminal.key("ctrl-c")
        terminal.expect("Paused at loop.lua")
        terminal.expect("debug> ")
        terminal.send_line("n > 0")
        terminal.expect("true")
        terminal.send_line(".exit")
        assert terminal.wait() == 0
