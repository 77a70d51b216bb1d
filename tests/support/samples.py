"""The envelopes of the WorkMail guide, as printed and as a parser can read them."""

import re

from support.schemas import ROOT

SAMPLES = ROOT / "samples"
NAMES = tuple(sorted(path.stem for path in SAMPLES.glob("*.xml")))

# The guide prints version="1.0 (http://www.w3.org/TR/REC-xml/)" in one declaration.
_DECLARATION = re.compile(rb"^<\?xml .*?\?>")


def printed(name: str) -> bytes:
    """The sample byte for byte as the guide prints it."""
    return (SAMPLES / f"{name}.xml").read_bytes()


def readable(name: str) -> bytes:
    """The sample without leading white space, its declaration replaced by a well-formed one."""
    return _DECLARATION.sub(b'<?xml version="1.0" encoding="utf-8"?>', printed(name).lstrip())
