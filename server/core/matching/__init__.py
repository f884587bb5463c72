"""Which rules of the policy a message meets."""
