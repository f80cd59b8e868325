"""The engines beside spaCy itself, with the language model loaded."""
