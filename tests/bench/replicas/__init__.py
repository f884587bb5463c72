"""Several servers on one PostgreSQL, killed while visitors talk and a sentence is corrected: everyone reads the same."""
