"""The web side: one ASGI app."""
