"""Makes pages of what a clinic already has: a web page, a document, a sheet, or a text."""

from kb.importing.coverage import Fate, SourceCoverage, Stretch
from kb.importing.entry import Imported, import_source, read_source
from kb.importing.following import Politeness, Skipped, follow
from kb.importing.repeated import Repeated, without_repeated
from kb.importing.sources import ImportFailed, Source, address_key, open_source

__all__ = [
    "Fate",
    "ImportFailed",
    "Imported",
    "Politeness",
    "Repeated",
    "Skipped",
    "Source",
    "SourceCoverage",
    "Stretch",
    "address_key",
    "follow",
    "import_source",
    "open_source",
    "read_source",
    "without_repeated",
]
