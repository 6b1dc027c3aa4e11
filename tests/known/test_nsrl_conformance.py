from varde.known.formats.nsrl import NsrlFormat
from varde.testing.known_conformance import KnownFormatConformance


class TestNsrl(KnownFormatConformance):
    known_format = NsrlFormat()
