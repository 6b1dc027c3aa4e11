from varde.known.formats.caid_json import CaidNonRdsFormat
from varde.known.formats.vics import VicsFormat
from varde.testing.known_conformance import KnownFormatConformance


class TestVics(KnownFormatConformance):
    known_format = VicsFormat()


class TestCaidNonRds(KnownFormatConformance):
    known_format = CaidNonRdsFormat()
