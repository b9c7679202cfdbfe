"""Tasks that evaluate what others have trained, or take it apart.

Each gets a config and the results that it needs, and rebuilds the networks from
the configs that made them.
"""
