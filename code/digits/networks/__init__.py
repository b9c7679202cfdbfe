"""The networks: frozen configs, each of which builds itself in Keras.

A module a kind. None knows of another, and no list names them: what is trained
or evaluated is told by a config, and a result depends on the networks of its
config alone. Keras is imported inside functions, so that a config can be made,
and a stored result be found, without TensorFlow.
"""
