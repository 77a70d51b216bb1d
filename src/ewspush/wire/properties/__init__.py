"""Properties of items and folders: which there are, and their values in XML and in memory."""
