"""How objects show themselves in notebooks: fragments of HTML, and the document around them."""
