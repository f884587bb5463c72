"""What an edit may do, what it changes for visitors, and what may be published."""
