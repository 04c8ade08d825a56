"""A kernel that is not of this version, or none of ours."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest

from tidelock.shared.errors import KernelError
from tidelock.shared.version import VERSION
from tidelock.terminal.console import Console
from tidelock.terminal.invocation import Invocation
from tidelock.terminal.kernels import _check_versions

INFO = {
    "protocol_version": "5.9",
    "implementation": "tidelock",
    "implementation_version": VERSION,
}


def warnings(**fields: Any) -> list[str]:
    """What is said of a kernel whose information differs in some fields."""
    invocation = Invocation("run", Namespace(), (), Console())
    _check_versions({**INFO, **fields}, invocation)
    return invocation.console.warnings


def test_the_same_version_is_fine() -> None:
    assert warnings() == []


def test_another_version_is_a_warning() -> None:
    (words,) = warnings(implementation_version="9.9")
    assert words == f"the kernel is Tidelock 9.9, this command {VERSION}"


@pytest.mark.parametrize("fields", [{"protocol_version": "6.0"}, {"implementation": "ipython"}])
def test_another_protocol_or_kernel_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(KernelError):
        warnings(**fields)
