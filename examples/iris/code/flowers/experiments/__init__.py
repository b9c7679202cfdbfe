"""The experiments: which runs there are, and what they show."""
