"""How good the answers are: what they add up to, and who can be trusted with what."""
