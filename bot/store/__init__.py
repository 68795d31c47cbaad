"""The ground: the database and what every turn leaves in it."""
