"""A workspace on a laptop: its folder, its database, its JupyterLab."""
