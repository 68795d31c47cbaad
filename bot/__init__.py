"""Kazi: everything that would be true without the chat."""
