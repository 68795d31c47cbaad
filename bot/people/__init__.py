"""Who works, who runs the work, and what they agreed to."""
