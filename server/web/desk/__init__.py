"""The advocates' desk."""
