"""Random changes of training images that leave them the digits they are.

`configs` say how images are varied, and give the `layers` of Keras that do it.
"""
