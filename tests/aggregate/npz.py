"""Writes archives of arrays as NumPy does (numpy.savez, numpy.savez_compressed), and damaged ones, into this folder."""

import struct
import zipfile


def npy(shape, numbers, order='False'):
    header = "{'descr': '<f8', 'fortran_order': %s, 'shape': (%s), }" % (order, shape)
    header += ' ' * (-(len(header) + 11) % 64) + '\n'
    return b'\x93NUMPY\1\0' + struct.pack('<H', len(header)) + header.encode() + struct.pack('<%dd' % len(numbers), *numbers)


def archive(name, members, method=zipfile.ZIP_STORED, wide=True):
    with zipfile.ZipFile(name, 'w', method) as out:
        for member, content in members:
            with out.open(member, 'w', force_zip64=wide) as file:
                file.write(content)


def damage(source, name, at, replacement):
    with open(source, 'rb') as file:
        content = bytearray(file.read())
    content[at:at + len(replacement)] = replacement
    with open(name, 'wb') as file:
        file.write(content)
    return content


ARRAY = npy('3, 3', [1, 2, 3, 4, 5, 6, 7, 8, 9])
archive('stored.npz', [('a.npy', ARRAY)])
archive('deflated.npz', [('a.npy', ARRAY)], zipfile.ZIP_DEFLATED, False)
archive('bzip2.npz', [('a.npy', ARRAY)], zipfile.ZIP_BZIP2)
LAYERS = [('w.npy', npy('2, 3', [0, 3, 1, 4, 2, 5], 'True')), ('n.npy', npy('', [7])), ('b.npy', npy('1, 2, 1', [1, 2]))]
archive('layers.npz', LAYERS)
archive('other.npz', [('v.npy', LAYERS[0][1])] + LAYERS[1:])
archive('none.npz', [])
archive('text.npz', [('a.txt', b'1,2,3')])

# The directory's entry of ZIP64: its sizes are all ones, and stand in an extra field.
with open('stored.npz', 'rb') as file:
    CONTENT = file.read()
START = CONTENT.rindex(b'PK\1\2')
END = CONTENT.rindex(b'PK\5\6')
ENTRY = bytearray(CONTENT[START:END])
SIZES = ENTRY[24:28] + b'\0\0\0\0' + ENTRY[20:24] + b'\0\0\0\0'
ENTRY[20:28] = b'\xff' * 8
ENTRY[30:32] = struct.pack('<H', 20)
ENTRY = ENTRY[:46 + 5] + struct.pack('<HH', 1, 16) + SIZES
LAST = bytearray(CONTENT[END:])
LAST[12:16] = struct.pack('<I', len(ENTRY))
with open('wide.npz', 'wb') as file:
    file.write(CONTENT[:START] + ENTRY + LAST)

damage('stored.npz', 'crc.npz', START + 16, b'\1\2\3\4')
damage('stored.npz', 'size.npz', START + 24, b'\1\2\3\4')
damage('deflated.npz', 'damaged.npz', 60, b'\xff\xff')
with open('cut.npz', 'wb') as file:
    file.write(CONTENT[:END])
