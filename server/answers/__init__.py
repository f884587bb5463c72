"""Answers messages: read in batches, decided by each site's build, refused where there is no room."""
