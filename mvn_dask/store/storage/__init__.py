"""Storage of a store, behind one interface: folders and object stores."""
