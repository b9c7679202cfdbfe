"""The tasks: pure functions that train, evaluate and generate.

Each takes a frozen config, and the results that it needs, and returns a
`larder.Result`. Keras is imported inside functions, so that a config can be
made, and a stored result be found, without TensorFlow.
"""
