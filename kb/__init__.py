"""What a clinic says: pages, passages, phrasings, the policy's rules and replies, and sites. No vectors, no web."""

DEFAULT_SITE = "kneecare"
