"""How well the product decides: labelled questions in, figures out."""
