"""Storage of a store, behind one interface: folders, object stores, and repositories of icechunk."""
