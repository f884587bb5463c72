"""The database itself: opened, migrated, its transactions and their faults, copies of it."""
