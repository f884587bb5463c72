"""Remembers: the store, its values and its errors. Import them from here."""

from server.storage.audit import AuditEntry, AuditFault
from server.storage.content import Content, EditConflict, Revision
from server.storage.database.engine import DatabaseUrlRefused, SqliteTooOld
from server.storage.database.faults import StorageUnavailable
from server.storage.database.migrate import SchemaTooNew
from server.storage.database.upkeep import BackupRefused
from server.storage.database.wakeups import Waiter, Wakeups
from server.storage.handing.alerts import Alert, Alerts, Failing
from server.storage.handing.drills import Drill
from server.storage.handing.figures import Today
from server.storage.handing.handed_over import Handover, InboxRow, Letter
from server.storage.handing.handovers import Handovers
from server.storage.handing.stepping import AWAY, Move, NotClaimed, StepLost
from server.storage.people.passwords import PasswordRefused
from server.storage.people.resets import ResetOver
from server.storage.people.sessions import Session
from server.storage.people.staff import AccountKept, EmailTaken, Role, SignedIn, Staff, User
from server.storage.people.tries import Origin, SignInDelayed
from server.storage.store import Store
from server.storage.talks.conversations import Conversation, Conversations, StaleView, Started, Transcript, Words
from server.storage.talks.corrections import Corrections, Proposal
from server.storage.talks.events import Author, ConversationStatus, Erased, Event, Kind, NotFound
from server.storage.talks.keys import KeyReused
from server.storage.talks.notes import Note, NoteKind, Notes
from server.storage.talks.receiving import Received, VisitorMessage

__all__ = [
    "AWAY",
    "AccountKept",
    "Alert",
    "Alerts",
    "AuditEntry",
    "AuditFault",
    "Author",
    "BackupRefused",
    "Content",
    "Conversation",
    "ConversationStatus",
    "Conversations",
    "Corrections",
    "DatabaseUrlRefused",
    "Drill",
    "EditConflict",
    "EmailTaken",
    "Erased",
    "Event",
    "Failing",
    "Handover",
    "Handovers",
    "InboxRow",
    "KeyReused",
    "Kind",
    "Letter",
    "Move",
    "NotClaimed",
    "NotFound",
    "Note",
    "NoteKind",
    "Notes",
    "Origin",
    "PasswordRefused",
    "Proposal",
    "Received",
    "ResetOver",
    "Revision",
    "Role",
    "SchemaTooNew",
    "Session",
    "SignInDelayed",
    "SignedIn",
    "SqliteTooOld",
    "Staff",
    "StaleView",
    "Started",
    "StepLost",
    "StorageUnavailable",
    "Store",
    "Today",
    "Transcript",
    "User",
    "VisitorMessage",
    "Waiter",
    "Wakeups",
    "Words",
]
