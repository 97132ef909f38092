"""As much of JSON Schema 2020-12 as the schemas of docs/rfc use, and that an object's keys stand in the order of
`properties`. A keyword that is not known here is an error, so that a schema cannot say more than is checked."""

import re

TYPES = {
    'object': lambda v: isinstance(v, dict),
    'array': lambda v: isinstance(v, list),
    'string': lambda v: isinstance(v, str),
    'integer': lambda v: isinstance(v, int) and not isinstance(v, bool),
    'number': lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    'boolean': lambda v: isinstance(v, bool),
    'null': lambda v: v is None,
}
NOTES = ('$schema', '$defs', 'title', 'description', 'additionalProperties')


def first_breach(root, schema, value, place=''):
    """None, or where the value is not what the schema says."""
    for keyword, wanted in schema.items():
        if keyword not in NOTES:
            breach = CHECKS[keyword](root, schema, wanted, value, place)
            if breach is not None:
                return breach
    return None


def _type(_root, _schema, wanted, value, place):
    names = wanted if isinstance(wanted, list) else [wanted]
    return None if any(TYPES[name](value) for name in names) else place + ': type'


def _properties(root, schema, wanted, value, place):
    if not isinstance(value, dict):
        return None
    extra = [key for key in value if key not in wanted]
    if extra and schema['additionalProperties'] is False:
        return '%s/%s: not known' % (place, extra[0])
    known = [key for key in value if key in wanted]
    if known != [key for key in wanted if key in value]:
        return place + ': the order of the keys'
    for key in known:
        breach = first_breach(root, wanted[key], value[key], place + '/' + key)
        if breach is not None:
            return breach
    return None


def _additional(root, schema, value, place):
    other = schema.get('additionalProperties')
    if not isinstance(other, dict) or not isinstance(value, dict):
        return None
    found = [first_breach(root, other, value[key], place + '/' + key) for key in value]
    return next((breach for breach in found if breach is not None), None)


def _items(root, _schema, wanted, value, place):
    if not isinstance(value, list):
        return None
    found = (first_breach(root, wanted, item, '%s/%d' % (place, i)) for i, item in enumerate(value))
    return next((breach for breach in found if breach is not None), None)


def _any(root, _schema, wanted, value, place):
    found = [first_breach(root, one, value, place) for one in wanted]
    return None if None in found else found[0]


def _pattern(_root, _schema, wanted, value, place):
    return place + ': pattern' if isinstance(value, str) and not re.search(wanted, value) else None


CHECKS = {
    'type': lambda root, schema, wanted, value, place: _type(root, schema, wanted, value, place) or
    _additional(root, schema, value, place),
    'properties': _properties,
    'required': lambda _r, _s, wanted, value, place: next(
        ('%s/%s: missing' % (place, key) for key in wanted if isinstance(value, dict) and key not in value), None),
    'items': _items,
    'enum': lambda _r, _s, wanted, value, place: None if value in wanted else place + ': none of the values',
    'anyOf': _any,
    '$ref': lambda root, _s, wanted, value, place: first_breach(root, root['$defs'][wanted.split('/')[-1]], value,
                                                                place),
    'minimum': lambda _r, _s, wanted, value, place: place + ': minimum' if value < wanted else None,
    'pattern': _pattern,
}
