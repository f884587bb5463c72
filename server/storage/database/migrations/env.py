"""Alembic's way in: runs on the connection and in the transaction of server/storage/database/migrate.py."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True, render_as_batch=True)
context.run_migrations()
