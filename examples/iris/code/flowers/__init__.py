"""A second report on the engine of the first: which iris is it?"""
