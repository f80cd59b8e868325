"""What a command asks of elsewhere: the running application's API, and the bucket that a file is uploaded to.

Begin with `target`, which finds both. It imports `screen`, `config`, values, and for a check before the upload
`actors.csv`.
"""
