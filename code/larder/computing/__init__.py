"""Computing what is not fresh: here, in processes, or on a Dask cluster."""
