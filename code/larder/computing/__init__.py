"""Computing what is not fresh: here, in processes, or on a Dask cluster.

`driver` says what is due, `schedule` what is next, `work` sees it through in
`attempts`, and `saving` stores it. Calls go through a `reporting` executor:
`workers` (each a `process`) or `cluster`.
"""
