"""Where a store may lie: folders and object stores, behind one contract."""
