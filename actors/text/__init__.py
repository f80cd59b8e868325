"""Turns descriptions into unique lemmas, equal in every cell to spaCy's `en_core_web_sm`.

Begin with `cleaner`: the setting `text.engine` chooses what works behind it, spaCy's own pipeline (package `plain`) or
the model's inference done anew at a fraction of the cost (package `fast`). This package imports these two, and neither
Ray nor the cloud.
"""
