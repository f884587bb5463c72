"""The staff: accounts, passwords, sessions, failed sign-ins, and who is at the desk."""
