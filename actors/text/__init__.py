"""Turns descriptions into unique lemmas, equal in every cell to spaCy's `en_core_web_sm`.

Begin with `plain`, which is the rule, then `cleaner`: the setting `text.engine` chooses what works behind it, spaCy's
own pipeline (`plain`) or the model's inference done anew at a fraction of the cost (`fast`). This package imports
`fast` only, and neither Ray nor the cloud.
"""
