"""Images of a shard's rows: fetched from strangers' servers, checked, and stored in the bucket.

`stage.ImageStage` is the way in. Nothing here knows Ray.
"""
