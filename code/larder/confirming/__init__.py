"""Carrying results over a refactoring, by rehearsing old code and new."""
