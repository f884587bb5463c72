"""What stands before every route: who may come, how much, from where, and how an error is said."""
