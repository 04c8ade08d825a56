"""Jupyter's own conformance suite for the kernel named ``tidelock``; run as a program.

One of its tests is skipped: ``test_pager``, for a pager is IPython's and nothing in Lua asks for
one.
"""

from __future__ import annotations

import unittest
from typing import Any, ClassVar

import jupyter_kernel_test


class Kernel(jupyter_kernel_test.KernelTests):
    """One sample or more of everything the kernel can do."""

    kernel_name = "tidelock"
    language_name = "lua"
    file_extension = ".lua"
    code_hello_world = "print('hello, world')"
    code_stderr = "io.stderr:write('low water\\n')"
    completion_samples: ClassVar[list[dict[str, Any]]] = [
        {"text": "pri", "matches": {"print"}},
        {"text": "string.re", "matches": {"rep", "reverse"}},
        {"text": "for i = 1, 3 do tabl", "matches": {"table"}},
        {"text": "no_such_name"},
    ]
    complete_code_samples: ClassVar[list[str]] = [
        "x = 1",
        "1 + 1",
        "return 1",
        "for i = 1, 3 do\n  print(i)\nend",
        "s = [[two\nlines]]",
        "",
    ]
    incomplete_code_samples: ClassVar[list[str]] = [
        "for i = 1, 3 do",
        "x = 1 +",
        "print(",
        "s = [[",
        "local function f()",
    ]
    invalid_code_samples: ClassVar[list[str]] = ["x = = 1", "end", "s = 'no end"]
    code_generate_error = "error('high water')"
    code_execute_result: ClassVar[list[dict[str, str]]] = [
        {"code": "6 * 7", "result": "42"},
        {"code": "x = 6; x * 7", "result": "42"},
        {"code": "return 'tide', nil", "result": '"tide"\tnil'},
        {"code": "6 * 7", "result": "42"},
    ]
    code_history_pattern = "6 ? 7"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "print"
    code_display_data: ClassVar[list[dict[str, str]]] = [
        {"code": "require('tidelock').display{svg = '<svg/>'}", "mime": "image/svg+xml"},
        {"code": "require('tidelock').display{html = '<b>tide</b>'}", "mime": "text/html"},
    ]
    code_clear_output = "require('tidelock').clear_output()"


class Greeting(jupyter_kernel_test.IopubWelcomeTests):
    """Who subscribes is greeted first."""

    kernel_name = "tidelock"
    support_iopub_welcome = True


if __name__ == "__main__":
    unittest.main(verbosity=2)
