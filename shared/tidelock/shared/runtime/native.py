"""Native control of a running Lua state through the C API that lupa's libraries export.

A hook can be armed on a state from another thread while Lua runs, fires at the next
instruction, and costs nothing until then (Lua manual, lua_sethook; lua.c uses the same call
from a signal handler). Which coroutine runs is read from the VM's own memory: the frame on
top of a state that waits in ``resume`` names the coroutine it resumed. So nothing is wrapped
and a program that nobody asks anything runs as fast as in the bare library.

Every assumption about the library is tried once at start (``Native.open``); where one does not
hold, ``NativeUnavailable`` says which, and the runtime falls back to a count hook. It must never
write to memory of a state it has not seen alive. The file is long because each assumption about a
library stands beside the test of it.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

from tidelock.shared.model import Dialect
from tidelock.shared.runtime import hookflag

_Pointer = ctypes.c_void_p
_Function = ctypes.CFUNCTYPE(ctypes.c_int, _Pointer)
_Hook = ctypes.CFUNCTYPE(None, _Pointer, _Pointer)

MASK_COUNT = 1 << 3
_GC_COUNT = 3
_THREAD_TAG = 8
_LIGHT_C_FUNCTION = 22
_TAG_BITS = 0x3F
_COLLECTABLE_C_CLOSURE = 38
_MAX_CHAIN = 250
_MANY = 1_000_000


class NativeUnavailable(Exception):  # noqa: N818 - a reason, shown by doctor
    """Why this build or platform cannot be controlled natively; the text is for people."""


class Layout(NamedTuple):
    """Where a 64-bit build keeps what the chain walk reads; checked by the self-test.

    Offsets in bytes: the state's global state, call info and stack, the call info's function
    slot, a C closure's function and first upvalue, and the state's two fields that say whether
    hooks may fire and where the error handler lies (lstate.h, lobject.h of each release).
    """

    global_state: int
    call_info: int
    stack: int
    function_slot: int
    closure_function: int
    closure_upvalue: int
    closure_tag: int
    allow_hook: int
    error_handler: int


_CLOSURE_52 = (24, 32, _COLLECTABLE_C_CLOSURE)
_LAYOUTS: dict[Dialect, Layout] = {
    "5.1": Layout(32, 40, 64, 8, 32, 40, 6, 101, 176),
    "5.2": Layout(24, 32, 56, 0, *_CLOSURE_52, 73, 120),
    "5.3": Layout(24, 32, 56, 0, *_CLOSURE_52, 204, 176),
    "5.4": Layout(24, 32, 48, 0, *_CLOSURE_52, 11, 168),
    "5.5": Layout(24, 32, 48, 0, *_CLOSURE_52, 10, 168),
}
_REGISTRY: dict[Dialect, int] = {
    "5.1": -10000,
    "luajit": -10000,
    "5.2": -1001000,
    "5.3": -1001000,
    "5.4": -1001000,
    "5.5": -(0x7FFFFFFF // 2 + 1000),
}
_NEEDED = (
    "lua_sethook", "lua_gethook", "lua_gethookmask", "lua_gethookcount", "lua_pushcclosure",
    "lua_setfield", "lua_getfield", "lua_pushthread", "lua_xmove", "lua_tocfunction",
    "lua_settop", "lua_checkstack", "luaL_error", "lua_gc", "lua_getupvalue",
)  # fmt: skip


class Native:
    """The exported C API of one open Lua state.

    Thread rules: ``arm`` and ``let_hooks_in`` from any other thread than the lane;
    ``memory_used`` and ``hooked`` from anywhere; the rest on the lane only.
    """

    def __init__(self, module: ModuleType, dialect: Dialect) -> None:
        self._dialect = dialect
        self._registry = _REGISTRY[dialect]
        self._layout = _LAYOUTS.get(dialect)
        self.main = self._server = 0
        self._world = self._resume = self._close = self._wrapped = 0
        self._lock = threading.Lock()
        self._saved: dict[int, tuple[int | None, int, int]] = {}
        self._on_fire: Callable[[int], None] | None = None
        self._has_hooks = self._is_armable = False
        self._hook_flag = 0
        self._keep: list[Any] = []
        try:
            path = module.__file__ or ""
            self._free = ctypes.CDLL(path)  # calls that may run Lua: the GIL is released
            self._held = ctypes.PyDLL(path)  # short calls that never run Lua
            for library in (self._free, self._held):
                _declare(library)
            self._call = _protected_call(self._free, dialect)
        except (OSError, AttributeError) as error:
            raise NativeUnavailable(f"the Lua library exports no C API ({error})") from error
        if ctypes.sizeof(_Pointer) != 8:
            raise NativeUnavailable("only 64-bit builds are known")
        self._raise_pointer = _address(self._held.luaL_error)
        self._fire = _Hook(self._fired)
        self._fire_pointer = _address(self._fire)

    # -- opening, on the lane ------------------------------------------------------------

    def open(self, lua: Any, serve: Any) -> None:
        """Find the main state, learn the library's functions and try everything once.

        Args:
            lua: the ``LuaRuntime``, idle, owned by the calling thread.
            serve: the Lua function that an armed hook calls.

        Raises:
            NativeUnavailable: something is not as expected; the state is left as it was.
        """
        bootstrap = lua.eval(
            b"function(f) tidelock_boot = coroutine.create(f) return tostring(tidelock_boot) end"
        )
        text = bootstrap(lua.eval(b"function() end"))
        try:
            seed = int(text.rsplit(b" ", 1)[-1], 16)
        except ValueError as error:
            raise NativeUnavailable(f"a coroutine prints as {text!r}") from error
        seen: dict[str, int] = {}

        def remember_main(state: int) -> int:
            seen["main"] = state
            self._held.lua_pushthread(state)
            return 1

        def remember_function(state: int) -> int:
            seen["function"] = self._held.lua_tocfunction(state, 1) or 0
            return 0

        self._define(seed, b"tidelock.main", remember_main)
        self._define(seed, b"tidelock.address", remember_function)
        self._define(seed, b"tidelock.chain", self._push_chain)
        self._define(seed, b"tidelock.upvalue", self._push_upvalue)
        self._define(seed, b"tidelock.serving", self._serving)
        self._define(seed, b"tidelock.served", self._served)
        probe = lua.eval(
            b"function() local r = debug.getregistry() return r['tidelock.main'](), "
            b"r['tidelock.address'], r['tidelock.chain'], r['tidelock.upvalue'], "
            b"r['tidelock.serving'], r['tidelock.served'] end"
        )
        self.main_thread, address, self.chain_function, self.upvalue_function, *serving = probe()
        self.serving_function, self.served_function = serving
        self.main = seen["main"]
        lua.eval(b"function(serve) debug.getregistry()['tidelock.serve'] = serve end")(serve)
        if self._layout is not None:
            self._world = _word(_read_here(self.main + self._layout.global_state, 8))
            self._learn_functions(lua, address, seen)
        self._self_test(lua)
        if self._dialect == "luajit" and _read_outside is not _read_here:
            self._hook_flag = hookflag.find(self.main, self._arm_for, _read_outside)
        lua.execute(b"tidelock_boot = nil")

    def _arm_for(self, mask: int) -> None:
        pointer = self._fire_pointer if mask else None
        self._held.lua_sethook(self.main, pointer, mask, _MANY if mask else 0)

    def _define(self, state: int, name: bytes, body: Callable[[int], int]) -> None:
        function = _Function(body)
        self._keep.append(function)
        self._held.lua_pushcclosure(state, _address(function), 0)
        self._held.lua_setfield(state, self._registry, name)

    def _learn_functions(self, lua: Any, address: Any, seen: dict[str, int]) -> None:
        def of(expression: bytes) -> int:
            function = lua.eval(expression)
            if function is None:
                return -1
            seen["function"] = 0
            address(function)
            return seen["function"]

        self._resume = of(b"coroutine.resume")
        self._close = of(b"coroutine.close")
        self._wrapped = of(b"coroutine.wrap(function() end)")

    def _self_test(self, lua: Any) -> None:
        run = lua.eval(b"function(f) return pcall(f) end")
        fired: list[int] = []
        self._on_fire = fired.append
        self._set(self.main, self._fire_pointer)
        run(lua.eval(b"function() local x = 0 for i = 1, 3 do x = x + i end end"))
        self._on_fire = None
        if fired != [self.main]:
            self.disarm()
            raise NativeUnavailable(f"an armed hook fired {len(fired)} times instead of once")
        self._held.lua_sethook(self.main, self._raise_pointer, MASK_COUNT, 1)
        try:
            run(lua.eval(b"function() while true do end end"))
            ended = False
        except Exception:
            ended = True
        self.disarm()
        if not ended:
            raise NativeUnavailable("a raising hook does not end a protected call")
        if self._layout is None:
            return
        found: list[bool] = []

        def compare(state: int) -> int:
            chain = self._chain(_read_here)
            found.append(len(chain) == 4 and chain[0] == self.main and chain[-1] == state)
            found.append(self._chain(_read_outside) == chain)
            return 0

        self._define(self.main, b"tidelock.compare", compare)
        lua.execute(
            b"local f = debug.getregistry()['tidelock.compare'] "
            b"coroutine.resume(coroutine.create(function() coroutine.wrap(function() "
            b"coroutine.resume(coroutine.create(function() f() end)) end)() end))"
        )
        if found != [True, True]:
            raise NativeUnavailable("the running coroutine cannot be read from the VM's frames")
        self._test_handlers(lua)

    def _test_handlers(self, lua: Any) -> None:
        """An end must pass by the program's error handlers, and hooks can be let in again."""
        allowed: list[bool] = []

        def fire(state: int) -> None:
            allowed.append(self._hooks_allowed(state))
            self.raise_everywhere()

        def arm(state: int) -> int:
            self._set(state, self._fire_pointer)
            return 0

        self._on_fire = fire
        self._define(self.main, b"tidelock.arm", arm)
        handled = lua.eval(
            b"function() tidelock_boot = nil local arm = debug.getregistry()['tidelock.arm'] "
            b"xpcall(function() arm() while true do end end, function() tidelock_boot = 1 end) end"
        )
        try:
            handled()
        except Exception:
            allowed.append(self._hooks_allowed(self.main))
        self._on_fire = None
        self.disarm()
        if allowed != [False, True] or lua.eval(b"tidelock_boot") is not None:
            raise NativeUnavailable("error handlers of a program cannot be passed by")

    def _hooks_allowed(self, state: int) -> bool:
        assert self._layout is not None
        return bool(ctypes.c_uint8.from_address(state + self._layout.allow_hook).value)

    def let_go(self) -> None:
        """Hold nothing of Lua's any more, so that the state can be closed; on the lane."""
        del self.main_thread, self.chain_function, self.upvalue_function
        del self.serving_function, self.served_function

    # -- arming --------------------------------------------------------------------------

    def on_fire(self, callback: Callable[[int], None]) -> None:
        """Set what is told, on the lane, which state an armed hook fired in."""
        self._on_fire = callback

    def begin(self) -> None:
        """Let the state be armed, until ``disarm``; on the lane, before a program runs."""
        with self._lock:
            self._is_armable = True

    def hooks_are_on(self, is_on: bool) -> None:
        """Our own line hooks carry a step or a breakpoint from here on, or no more; on the lane.

        While they do they look for questions themselves: an armed hook in their place would
        swallow the line that they wait for. What was armed and has not fired is taken back,
        so that whoever looks finds the program's own hooks.
        """
        with self._lock:
            self._has_hooks = is_on
            for state in self._chain(_read_here):
                if self._held.lua_gethook(state) == self._fire_pointer:
                    self._put_back(state)

    def arm(self, *, anyway: bool = False) -> None:
        """Make ``serve`` run on the lane at the next instruction; from any other thread.

        While line hooks of ours are on, only coroutines without a hook are armed, unless it is
        to be done anyway: one that the program has hooked itself does not look for us.

        The main state is armed first, then the coroutine that it resumed, and so on to the
        one that runs. While the lock is held no armed state gets past its next instruction,
        for the hook waits for the lock; so each state is alive when its successor is looked
        up in its frame, and stays so until the successor is armed as well. A hook that the
        program had set itself is put back when ours fires.
        """
        with self._lock:
            if not self._is_armable:
                return
            state, armed = self.main, 0
            is_polite = self._has_hooks and not anyway
            self._save_and_set(state, is_polite)
            while self._layout is not None and armed < _MAX_CHAIN:
                stack = _read_outside(state + self._layout.stack, 8)
                following = self._resumed_by(state, self._layout, _read_outside)
                if not following or _read_outside(state + self._layout.stack, 8) != stack:
                    return
                if following == self._server:
                    return
                state, armed = following, armed + 1
                self._save_and_set(state, is_polite)

    def let_hooks_in(self) -> None:
        """Allow hooks where the VM has them off, to end a looping handler or finalizer.

        From any other thread, when an armed hook has not fired for a long time.
        """
        if self._layout is not None:
            with self._lock:
                ctypes.c_uint8.from_address(self.main + self._layout.allow_hook).value = 1
                state = self._resumed_by(self.main, self._layout, _read_outside)
                while state:
                    ctypes.c_uint8.from_address(state + self._layout.allow_hook).value = 1
                    state = self._resumed_by(state, self._layout, _read_outside)

    def hooks_inside(self, is_wanted: bool) -> bool:
        """LuaJIT: let hooks fire inside a hook, or no more; whether that changed anything.

        On the lane, around code that must be given up even where its asker stopped in a hook.
        """
        return bool(self._hook_flag) and hookflag.let_in(self._hook_flag, is_wanted)

    def _save_and_set(self, state: int, is_polite: bool) -> None:
        held = self._held
        hook = held.lua_gethook(state)
        if hook == self._fire_pointer or (hook and is_polite and held.lua_gethookmask(state)):
            return
        self._saved.pop(state, None)
        if hook and hook != self._raise_pointer:
            self._saved[state] = (
                hook,
                held.lua_gethookmask(state),
                held.lua_gethookcount(state),
            )
        self._set(state, self._fire_pointer)

    def _set(self, state: int, pointer: int) -> None:
        self._held.lua_sethook(state, pointer, MASK_COUNT, 1)

    def _fired(self, state: int, _activation: int) -> None:
        """The hook itself, on the lane: put back what was there, then serve."""
        with self._lock:
            self._put_back(state)
        callback = self._on_fire
        if callback is None:
            return
        try:
            callback(state)
        except BaseException:  # nothing may cross the C frames of the VM
            return

    def _put_back(self, state: int) -> None:
        hook, mask, count = self._saved.pop(state, (None, 0, 0))
        self._held.lua_sethook(state, hook, mask, count)

    def call_serve(self, state: int) -> None:
        """Call the registered Lua function on the state that fired; only from ``on_fire``."""
        self._held.lua_getfield(state, self._registry, b"tidelock.serve")
        if self._call(state) != 0:
            self._held.lua_settop(state, -2)

    def raise_everywhere(self) -> None:
        r"""Raise at the next instruction of every running coroutine, again and again.

        The raising hook is ``luaL_error`` itself: it reads the event number 3 of the hook's
        record as its format, so the error is the text ``\\x03``, and no Python runs.
        It stays armed until ``disarm``, so a ``pcall`` in a loop cannot keep the program.
        """
        for state in self._chain(_read_here):
            if state == self._server:
                return
            if self._layout is not None:
                # An error handler would run with hooks off: one that loops could not be ended.
                ctypes.c_uint64.from_address(state + self._layout.error_handler).value = 0
            self._set(state, self._raise_pointer)

    def disarm(self) -> None:
        """Take every hook of ours off the main state, and let none be armed any more.

        On the lane, when a program has ended: our own work in Lua must not be cut short.
        """
        with self._lock:
            self._is_armable = False
            self._saved.clear()
            self._held.lua_sethook(self.main, None, 0, 0)

    def memory_used(self) -> int:
        """Bytes that Lua holds, garbage included; safe from any thread."""
        return int(self._held.lua_gc(self.main, _GC_COUNT, 0)) * 1024

    def hooked(self) -> bool:
        """Whether any hook is set on the main state; safe from any thread."""
        return bool(self._held.lua_gethook(self.main)) and bool(
            self._held.lua_gethookmask(self.main)
        )

    # -- which coroutine runs ------------------------------------------------------------

    def _chain(self, read: Callable[[int, int], bytes | None]) -> list[int]:
        """The states from the main one to the running one, each resumed by the one before."""
        layout = self._layout
        chain = [self.main]
        if layout is None:  # LuaJIT: hooks belong to the whole VM, any state will do
            return chain
        while len(chain) < _MAX_CHAIN:
            following = self._resumed_by(chain[-1], layout, read)
            if not following:
                break
            chain.append(following)
        return chain

    def _resumed_by(
        self, state: int, layout: Layout, read: Callable[[int, int], bytes | None]
    ) -> int:
        info = read(state + layout.call_info, 8)
        frame = info and read(_word(info) + layout.function_slot, 8)
        slots = frame and read(_word(frame), 32)  # the function and its first argument
        if not slots:
            return 0
        value, tag = _word(slots), slots[8]
        if tag & _TAG_BITS == layout.closure_tag:
            closure = read(value + layout.closure_function, 32)
            if not closure:
                return 0
            function = _word(closure)
            upvalue = closure[layout.closure_upvalue - layout.closure_function :]
        elif tag == _LIGHT_C_FUNCTION:
            function, upvalue = value, b""
        else:
            return 0
        if function in (self._resume, self._close):
            thread = slots[16:]
        elif function == self._wrapped and upvalue:
            thread = upvalue
        else:
            return 0
        if thread[8] & _TAG_BITS != _THREAD_TAG:
            return 0
        following = _word(thread)
        header = read(following, 40)
        if not header or header[8] & 0xF != _THREAD_TAG:
            return 0
        world = header[layout.global_state : layout.global_state + 8]
        return following if _word(world) == self._world else 0

    def _push_chain(self, state: int) -> int:
        """Lua function: the thread objects from the main one to the caller's own."""
        held = self._held
        if self._layout is None:
            if state != self.main:
                held.lua_pushthread(self.main)
                held.lua_xmove(self.main, state, 1)
            held.lua_pushthread(state)
            return 1 if state == self.main else 2
        chain = self._chain(_read_here)
        if not held.lua_checkstack(state, len(chain) + 1):
            return 0
        for other in chain:
            held.lua_pushthread(other)
            if other != state:
                held.lua_xmove(other, state, 1)
        return len(chain)

    def _serving(self, state: int) -> int:
        """Lua function: the calling coroutine is ours and serves; it is never armed.

        A hook that it got just before it yields would fire in the midst of a later question.
        """
        self._server = state
        return 0

    def _served(self, _state: int) -> int:
        """Lua function: that coroutine is dead, and its memory may become another's."""
        self._server = 0
        return 0

    def _push_upvalue(self, state: int) -> int:
        """Lua function: the first upvalue of a function; Lua 5.1 shows none of C functions."""
        return 0 if self._held.lua_getupvalue(state, 1, 1) is None else 1


def _declare(library: Any) -> None:
    missing = [name for name in _NEEDED if not hasattr(library, name)]
    if missing:
        raise NativeUnavailable(f"the Lua library does not export {', '.join(missing)}")
    number, text, nothing = ctypes.c_int, ctypes.c_char_p, None
    for name, arguments, result in (
        ("lua_sethook", [_Pointer, _Pointer, number, number], nothing),
        ("lua_gethook", [_Pointer], _Pointer),
        ("lua_gethookmask", [_Pointer], number),
        ("lua_gethookcount", [_Pointer], number),
        ("lua_pushcclosure", [_Pointer, _Pointer, number], nothing),
        ("lua_setfield", [_Pointer, number, text], nothing),
        ("lua_getfield", [_Pointer, number, text], number),
        ("lua_pushthread", [_Pointer], number),
        ("lua_xmove", [_Pointer, _Pointer, number], nothing),
        ("lua_tocfunction", [_Pointer, number], _Pointer),
        ("lua_settop", [_Pointer, number], nothing),
        ("lua_checkstack", [_Pointer, number], number),
        ("lua_gc", [_Pointer, number, number], number),
        ("lua_getupvalue", [_Pointer, number, number], text),
    ):
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, result


def _protected_call(library: Any, dialect: Dialect) -> Callable[[int], int]:
    """``lua_pcall(state, 0, 0, 0)``, which is a macro over another function since Lua 5.2."""
    number = ctypes.c_int
    if dialect in ("5.1", "luajit"):
        call = library.lua_pcall
        call.argtypes, call.restype = [_Pointer, number, number, number], number
        return lambda state: int(call(state, 0, 0, 0))
    call = library.lua_pcallk
    call.argtypes = [_Pointer, number, number, number, ctypes.c_ssize_t, _Pointer]
    call.restype = number
    return lambda state: int(call(state, 0, 0, 0, 0, None))


def _read_here(address: int, size: int) -> bytes:
    """Read memory while the lane stands still; the address is known to be good."""
    return ctypes.string_at(address, size)


class _Span(ctypes.Structure):
    _fields_ = (("base", _Pointer), ("size", ctypes.c_size_t))


def _outside_reader() -> Callable[[int, int], bytes | None]:
    """A read that fails instead of crashing when the lane frees the memory meanwhile.

    Linux can read its own process that way (process_vm_readv(2)). Elsewhere the read is
    direct: the heap that Lua frees stays mapped, and what was read is checked before use.
    """
    try:
        read = ctypes.PyDLL(None, use_errno=False).process_vm_readv
    except (OSError, AttributeError):
        return _read_here
    read.restype = ctypes.c_ssize_t
    span, count = ctypes.POINTER(_Span), ctypes.c_ulong
    read.argtypes = [ctypes.c_int, span, count, span, count, ctypes.c_ulong]
    process = os.getpid()

    def read_outside(address: int, size: int) -> bytes | None:
        buffer = ctypes.create_string_buffer(size)
        local = _Span(ctypes.addressof(buffer), size)
        remote = _Span(address, size)
        got = read(process, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
        return buffer.raw if got == size else None

    return read_outside if read_outside(id(None), 8) is not None else _read_here


_read_outside = _outside_reader()


def _word(raw: bytes) -> int:
    return int.from_bytes(raw[:8], "little")


def _address(function: Any) -> int:
    return ctypes.cast(function, _Pointer).value or 0
