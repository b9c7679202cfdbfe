"""Digits: the science of this assignment, and what its report shows.

Pure parts (`data`, `noise`, `statistics`, and `augmentation` and `networks`,
whose configs build layers) are used by `tasks`, which train, evaluate and
generate; `experiments` has a module a question, which says what is run and what
came out; `figures` draws it. `kept` says where results are kept, and `cli` is
the command.
"""
