"""How a message is read: its sentences, which of them ask, its language, and what is taken for an English word."""
