"""Looking at what is kept: as tables, as a picture, and since a commit."""
