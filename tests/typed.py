"""The check of types while tests run; it takes what mypy takes, so an int for a float.

Of a list one entry is looked at, any of them: what is stricter than mypy here fails now
and then, by chance.
"""

from beartype import BeartypeConf, beartype

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
