"""The model's inference done anew, each piece beside spaCy's."""
