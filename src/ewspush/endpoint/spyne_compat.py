"""Spyne, importable on today's Python: whoever needs Spyne takes it from here.

Spyne 2.14.0 (2022) is its last release. It carries a copy of six that does not import on Python
3.12 and later; the six that is maintained is loaded under the copy's name instead. The `cgi` that
it imports is gone in Python 3.13, where the package legacy-cgi brings it back.
"""

import logging
import operator
import sys
import warnings
from importlib.util import find_spec, module_from_spec, spec_from_file_location


def _load_six() -> None:
    """Put six under the name by which Spyne imports it, its `moves` submodules included."""
    six = find_spec("six")
    assert six is not None, "six is one of our dependencies"
    spec = spec_from_file_location("spyne.util.six", six.origin)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    # Loaded under this name, six makes its own importer serve spyne.util.six.moves.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    # The one name that Spyne's copy has and six has not.
    module.get_function_name = operator.attrgetter("__name__")  # type: ignore[attr-defined]


_load_six()
with warnings.catch_warnings():
    # Of cgi and of escape sequences in Spyne's source: nobody here can act on them.
    warnings.simplefilter("ignore")
    from spyne import (
        AnyXml,
        Application,
        Boolean,
        ComplexModel,
        Integer32,
        Integer64,
        MethodContext,
        ServerBase,
        Service,
        Unicode,
        XmlAttribute,
        rpc,
    )
    from spyne.protocol.soap import Soap11

# Spyne logs requests with their content, and again every exception that it passes on.
logging.getLogger("spyne").setLevel(logging.CRITICAL + 1)

__all__ = [
    "AnyXml",
    "Application",
    "Boolean",
    "ComplexModel",
    "Integer32",
    "Integer64",
    "MethodContext",
    "ServerBase",
    "Service",
    "Soap11",
    "Unicode",
    "XmlAttribute",
    "rpc",
]
