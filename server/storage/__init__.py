"""Remembers: the store, its values and its errors. Import them from here."""

from server.storage.alerts import Alert, Alerts, Failing
from server.storage.audit import AuditEntry, AuditFault
from server.storage.content import Content, EditConflict, Revision
from server.storage.conversations import Conversation, Conversations, StaleView, Started, Transcript, Words
from server.storage.corrections import Corrections, Proposal
from server.storage.database.engine import DatabaseUrlRefused, SqliteTooOld
from server.storage.database.faults import StorageUnavailable
from server.storage.database.migrate import SchemaTooNew
from server.storage.database.upkeep import BackupRefused
from server.storage.database.wakeups import Waiter, Wakeups
from server.storage.drills import Drill
from server.storage.events import Author, ConversationStatus, Erased, Event, Kind, NotFound
from server.storage.figures import Today
from server.storage.handed_over import Handover, InboxRow, Letter
from server.storage.handovers import Handovers
from server.storage.keys import KeyReused
from server.storage.notes import Note, NoteKind, Notes
from server.storage.people.passwords import PasswordRefused
from server.storage.people.resets import ResetOver
from server.storage.people.sessions import Session
from server.storage.people.staff import AccountKept, EmailTaken, Role, SignedIn, Staff, User
from server.storage.people.tries import Origin, SignInDelayed
from server.storage.receiving import Received, VisitorMessage
from server.storage.stepping import AWAY, Move, NotClaimed, StepLost
from server.storage.store import Store

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
