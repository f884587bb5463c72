"""Answers, hands over and shows: the decision, storage, the web and the command line."""
