"""Descriptions to unique lemmas, cell for cell what spaCy's `en_core_web_sm` gives.

`cleaner.DescriptionCleaner` is the way in; the setting `text.engine` chooses what works behind it (`engine.Engine`):
`plain` runs spaCy's own pipeline, `fast` does the model's inference anew at a fraction of the cost. `queue` lets
shards share calls. Nothing here knows Ray or the cloud.
"""
