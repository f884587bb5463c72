"""What happens at an import, no HTTP: sources become pages of a site's draft, and no edit is lost on the way."""

from server.importing.bringing import BroughtIn, Followed, Importing, Undecided
from server.importing.lines import told, told_site, told_undecided
from server.importing.picture import as_picture
from server.importing.withholding import Withholding

__all__ = [
    "BroughtIn",
    "Followed",
    "Importing",
    "Undecided",
    "Withholding",
    "as_picture",
    "told",
    "told_site",
    "told_undecided",
]
