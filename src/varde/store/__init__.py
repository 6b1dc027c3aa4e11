"""Database tables and migrations, content store, audit log: the only place that knows SQL."""
