"""The bridge between Lua and Python: what a script reaches through `python`, and what comes back.

Text is text on both sides: Lua's strings arrive as ``str`` and leave as strings, bytes that are no
UTF-8 as lone surrogates (PEP 383). Other Python values stand in Lua as ``Guest``, Lua's functions
and tables in Python as ``LuaFunction`` and ``LuaTable``. It must never let a Lua value be used on a
state other than the main one, nor on another thread than the lane. Loaded only where
``lua.python_access`` is true.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, ModuleType
from typing import Any

from tidelock.shared.runtime import pyoutput, pystack, pysteps, pyvalues
from tidelock.shared.runtime.streams import Streams
from tidelock.shared.sources import encode

_PLAIN = (bytes, bool, int, float, type(None))


class Failure(Exception):  # noqa: N818 - what Lua sees of a Python error
    """A Python error on its way through Lua; its text is what ``tostring`` gives there.

    Args:
        original: the error, raised again where Lua passes it on to Python.
        text: type, message and the place where it was raised.
    """

    def __init__(self, original: BaseException, text: str) -> None:
        super().__init__(text)
        self.original = original


class Ended(BaseException):
    """The execution is to end: passes by ``except Exception`` on its way out of Python."""


class Guest:
    """A Python value in Lua.

    Args:
        bridge: what it crosses by.
        value: the value itself.
        has_items: whether ``guest[key]`` means an item and not an attribute.
    """

    __slots__ = ("__weakref__", "_bridge", "has_items", "value")

    def __init__(self, bridge: Bridge, value: Any, has_items: bool | None = None) -> None:
        self._bridge = bridge
        self.value = value
        # As lupa has it: what has items is asked for them, all else for attributes.
        self.has_items = hasattr(type(value), "__getitem__") if has_items is None else has_items

    def __call__(self, here: Any, thread: Any, *arguments: Any, **named: Any) -> Any:
        """Called by Lua.

        Args:
            here: a Lua function that calls another where this is called from.
            thread: the coroutine there, None for the main one.
            arguments: those of the caller.
            named: those that the caller has made with ``python.args``.
        """
        try:
            return self._bridge.enter(self.value, here, thread, arguments, named)
        finally:  # an error's traceback must not hold the Lua state, which may hold the error
            del here, thread, arguments, named


class _LuaValue:
    """A Lua value in Python; gone when its Lua state is.

    It keeps the coroutine alive that it came from: lupa lets a value go by way of that.
    """

    __slots__ = ("__weakref__", "_bridge", "inner", "thread")

    def __init__(self, bridge: Bridge, inner: Any, thread: Any) -> None:
        self._bridge = bridge
        self.inner = inner
        self.thread = thread
        bridge.values.add(self)

    def let_go(self) -> None:
        """The Lua state closes."""
        self.inner = None
        self.thread = None


class LuaFunction(_LuaValue):
    """A Lua function, callable on the lane only."""

    __slots__ = ()

    def __call__(self, *arguments: Any) -> Any:
        """Its result, a tuple where it gives several."""
        return self._bridge.leave(self, *arguments)


class LuaTable(_LuaValue):
    """A Lua table; reads and writes follow its metatable, ``len`` counts its sequence."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        return self._bridge.leave(self._bridge.work["get"], self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._bridge.leave(self._bridge.work["set"], self, key, value)

    def __len__(self) -> int:
        return int(self._bridge.leave(self._bridge.work["size"], self))

    def keys(self) -> list[Any]:
        """The keys, in no order."""
        found: list[Any] = []
        key = None
        while (key := self._bridge.leave(self._bridge.work["key_after"], self, key)) is not None:
            found.append(key)
        return found

    def __iter__(self) -> Iterator[Any]:
        return iter(self.keys())

    def values(self) -> list[Any]:
        """The values, in the order of ``keys``."""
        return [self[key] for key in self.keys()]

    def items(self) -> list[tuple[Any, Any]]:
        """Pairs of key and value."""
        return [(key, self[key]) for key in self.keys()]


class _Way(Guest):
    """What Lua does to a Python value besides calling it: it gets the value as it stands there."""

    __slots__ = ()

    def __call__(self, here: Any, thread: Any, guest: Any = None, *arguments: Any, **_: Any) -> Any:
        """See ``Guest``."""
        function = self.value
        if not isinstance(guest, Guest):  # an error, None, results in the making
            guest = Guest(self._bridge, guest)

        def do(*taken: Any) -> Any:
            return function(guest, *taken)

        try:
            return self._bridge.enter(do, here, thread, arguments, {})
        finally:
            del here, thread, arguments


class Bridge:
    """The border of one Lua state; on the lane only.

    Args:
        module: lupa's module of the build.
        streams: where a script's output goes.
        is_ending: whether the execution is to end.
    """

    def __init__(self, module: ModuleType, streams: Streams, is_ending: Callable[[], bool]) -> None:
        self.values: weakref.WeakSet[_LuaValue] = weakref.WeakSet()
        self.is_inside = False  # Python of the script runs; read from any thread
        self._depth = 0
        self._streams = streams
        self._is_ending = is_ending
        self._lua_type = module.lua_type
        self._lua_error = module.LuaError
        self._lane = threading.get_ident()
        self._folders: list[str] = []
        self._here: Any = None
        self._thread: Any = None
        self.work: dict[str, Any] = {}
        import builtins

        self.offered: dict[bytes, Any] = {
            b"import": Guest(self, importlib.import_module),
            b"builtins": Guest(self, builtins),
            b"eval": Guest(self, _evaluated),
            b"iter": Guest(self, self._steps),
            b"iterex": Guest(self, self._unpacked_steps),
            b"enumerate": Guest(self, self._counted_steps),
            b"as_attrgetter": Guest(self, lambda value: Guest(self, value, has_items=False)),
            b"as_itemgetter": Guest(self, lambda value: Guest(self, value, has_items=True)),
        }
        self.ways: dict[bytes, Any] = {
            b"index": _Way(self, self._read),
            b"newindex": _Way(self, self._write),
            b"tostring": _Way(self, lambda guest: str(guest.value)),
        }

    def open(self, work: Any) -> None:
        """Take hold of a fresh state: the functions of ``python.work``."""
        for name, function in work.items():
            self.work[name.decode()] = LuaFunction(self, function, None)

    def close(self) -> None:
        """Hold nothing of the Lua state any more."""
        for value in list(self.values):
            value.let_go()
        self._here = self._thread = None
        self._forget_modules()
        for folder in self._folders:
            if folder in sys.path:
                sys.path.remove(folder)

    def begin(self, search: tuple[str, ...], *, fresh: bool) -> None:
        """An execution begins: its folders can be imported from, after all that is installed.

        Args:
            search: the folders in which ``require`` looks.
            fresh: modules that were imported from such folders before are forgotten.
        """
        if fresh:
            self._forget_modules()
        wanted = [folder for folder in search if folder not in sys.path]
        self._folders += wanted
        sys.path += wanted

    def _forget_modules(self) -> None:
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and self._is_found_here(file):
                del sys.modules[name]
        importlib.invalidate_caches()

    def _is_found_here(self, file: str) -> bool:
        if f"{os.sep}site-packages{os.sep}" in file or f"{os.sep}tidelock{os.sep}" in file:
            return False
        return any(file.startswith(folder + os.sep) for folder in self._folders)

    # -- crossing ----------------------------------------------------------------------------

    def inward(self, value: Any) -> Any:
        """A value of Lua as Python has it."""
        if isinstance(value, bytes):
            return value.decode("utf-8", "surrogateescape")
        if isinstance(value, Guest):
            return value.value
        if type(value) is tuple:
            return tuple(self.inward(each) for each in value)
        kind = self._lua_type(value)
        if kind is None:
            return value
        made = {"function": LuaFunction, "table": LuaTable}.get(kind, _LuaValue)
        return made(self, value, self._thread)

    def outward(self, value: Any) -> Any:
        """A value of Python as Lua has it."""
        if isinstance(value, str):
            return encode(value)
        if type(value) in _PLAIN:
            return value
        if isinstance(value, _LuaValue):
            if value.inner is None:
                raise RuntimeError("its Lua state is gone")
            return value.inner
        if isinstance(value, Guest) or self._lua_type(value) is not None:
            return value
        return Guest(self, value)

    def _result(self, value: Any) -> Any:
        if type(value) is tuple:  # several results
            return tuple(self.outward(each) for each in value)
        return self.outward(value)

    def enter(
        self, function: Any, here: Any, thread: Any, arguments: Any, named: Mapping[str, Any]
    ) -> Any:
        """Lua calls Python; every way in passes here, so that stacks can be cut here."""
        outer = self.is_inside, self._here, self._thread
        self.is_inside, self._here, self._thread = True, here, thread
        output = None if self._depth else pyoutput.Redirection(self._streams)
        self._depth += 1
        taken = None
        crossing = pysteps.into_python(here, self.work)
        try:
            taken = [self.inward(each) for each in arguments]
            result = function(*taken, **{key: self.inward(each) for key, each in named.items()})
            return self._result(result)
        except Ended:
            raise
        except BaseException as error:
            raise Failure(error, self._told(error)) from None
        finally:
            self._depth -= 1
            self.is_inside, self._here, self._thread = outer
            if output is not None:
                output.end()
            if crossing is not None and not self._is_ending():
                crossing.back()
            del here, thread, arguments, named, taken, outer, crossing

    def leave(self, function: LuaFunction, *arguments: Any) -> Any:
        """Python calls Lua."""
        if threading.get_ident() != self._lane or self._here is None:
            raise RuntimeError("Lua can be called only by what Lua has called, on its thread")
        given = [self.outward(each) for each in (function, *arguments)]
        self.is_inside = False
        crossing = pysteps.into_lua(self._here, self.work)
        try:
            return self.inward(self._here(*given))
        except Failure as failure:
            original = failure.original
        except self._lua_error as error:
            if self._is_ending():
                raise Ended from None
            error.args = (_without_trace(error),)
            raise
        finally:
            if crossing is not None and not self._is_ending():
                crossing.back()
            self.is_inside = True
            del given, crossing
        raise original  # as it was, with what it says of its cause

    def _read(self, guest: Any, key: Any) -> Any:
        return guest.value[key] if guest.has_items else getattr(guest.value, key)

    def _write(self, guest: Any, key: Any, value: Any) -> None:
        if guest.has_items:
            guest.value[key] = value
        else:
            setattr(guest.value, key, value)

    def _steps(self, values: Any) -> Any:
        iterator = iter(values)

        def step(*_: Any) -> Any:
            for value in iterator:
                # None would end the loop, and a tuple would be several values.
                is_plain = value is not None and type(value) is not tuple
                return value if is_plain else Guest(self, value)
            return None

        return step

    def _unpacked_steps(self, values: Any) -> Any:
        iterator = iter(values)
        return lambda *_: next(iterator, None)

    def _counted_steps(self, values: Any, start: int = 0) -> Any:
        return self._unpacked_steps(enumerate(values, start))

    @staticmethod
    def refuse(*_: Any) -> None:
        """What lupa's own way to attributes leads to: a program has another one."""
        raise AttributeError("not available")

    def _told(self, error: BaseException) -> str:
        if isinstance(error, self._lua_error):
            return _without_trace(error)
        place, trace = "", error.__traceback__
        while trace is not None:
            if pystack.is_of_program(trace.tb_frame):
                file = os.path.basename(trace.tb_frame.f_code.co_filename)
                place = f" ({file}:{trace.tb_lineno})"
            trace = trace.tb_next
        try:
            words = str(error)
        except Exception:
            words = "its text cannot be made"
        name = type(error).__name__
        return f"{name}: {words}{place}" if words else f"{name}{place}"

    # -- looking, while the program stands still ---------------------------------------------

    def frames(self) -> tuple[Any, ...]:
        """See ``pystack.fields``."""
        return pystack.fields(_ENTER)

    def variables(self, number: int) -> tuple[Any, ...]:
        """See ``pystack.variables``."""
        return pystack.variables(_ENTER, number)

    def text(self, value: Any) -> bytes:
        """A Python value that Lua holds, without running any of its code."""
        if isinstance(value, Failure):
            return encode(str(value))
        return encode(pyvalues.brief(self.inward(value)))


def _without_trace(error: BaseException) -> str:
    return str(error).partition("\nstack traceback:")[0]  # lupa's addition


def _evaluated(text: str) -> Any:
    return eval(text, {})  # noqa: S307 - what `python.eval` is for


_ENTER: CodeType = Bridge.enter.__code__
