"""Handing over: states, the queue, who is told and when, hours, presence, drills."""
