from varde.known.formats.hash_list import HashListFormat
from varde.known.formats.icse_csv import IcseCsvFormat
from varde.known.formats.mapped_csv import MappedCsvFormat
from varde.known.formats.threatexchange import ThreatExchangeFormat
from varde.testing.known_conformance import KnownFormatConformance


class TestHashList(KnownFormatConformance):
    known_format = HashListFormat()


class TestIcseCsv(KnownFormatConformance):
    known_format = IcseCsvFormat()


class TestMappedCsv(KnownFormatConformance):
    known_format = MappedCsvFormat()


class TestThreatExchange(KnownFormatConformance):
    known_format = ThreatExchangeFormat()
