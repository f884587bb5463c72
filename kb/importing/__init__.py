"""Makes pages of what a clinic already has: a web page, a document, a sheet, or a text."""

from kb.importing.entry import Imported, import_source, read_source
from kb.importing.sources import ImportFailed, Source, address_key, open_source

__all__ = ["ImportFailed", "Imported", "Source", "address_key", "import_source", "open_source", "read_source"]
