"""Makes pages of what a clinic already has: a web page, a document, a sheet, or a text."""

from kb.importing.entry import Imported, import_source
from kb.importing.sources import ImportFailed

__all__ = ["ImportFailed", "Imported", "import_source"]
