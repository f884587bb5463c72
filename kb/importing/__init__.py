"""Makes pages of what a clinic already has: a web page, a document, a sheet, or a text."""

from kb.importing.coverage import Fate, SourceCoverage, Stretch
from kb.importing.entry import Imported, import_source, read_source
from kb.importing.sources import ImportFailed, Source, address_key, open_source

__all__ = [
    "Fate",
    "ImportFailed",
    "Imported",
    "Source",
    "SourceCoverage",
    "Stretch",
    "address_key",
    "import_source",
    "open_source",
    "read_source",
]
