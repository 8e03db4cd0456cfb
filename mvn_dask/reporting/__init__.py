"""Reports: what a store holds, compared with what its manifest says that it should hold."""
