"""Damage: of bytes, of texts, of JSON and YAML, and of the containers whose form has to hold for their contents to be read at all."""
import copy
import io
import json
import math
import sqlite3
import struct
import warnings
import zipfile
import zlib

import yaml

import wire
from seeds import chunk

LENGTHS = wire.LENGTHS
warnings.filterwarnings('ignore', 'Duplicate name')
TEXTS = ['', ' ', 'x', '\x1b[2J', '\u202e', 'a' * 3000, '../../x', '/dev/zero', '%s%n', '-1', '0', '1e999', 'nan', 'inf', '-0', '1e300',
         '9223372036854775807', '9223372036854775808', '99999999999999999999999', '🦔', '"', "'", ',', '\n', '\r\n', 'null', 'true', '{', '[', '\\',
         '&a', '*a', '!!binary x', '<<', '#', '---', '\ufeff', 'é' * 200]
VALUES = [None, True, False, 0, 1, -1, 2**31, 2**53, 2**63 - 1, 2**63, -2**63, 2**64, 10**30, .5, -0.0, 1e300, math.inf, -math.inf, math.nan,
          [], {}, [[]], {'a': 1}, [1, 2, 3, 4, 5, 6]] + TEXTS


def of_bytes(data, rng, other=b''):
    """A few changes of bytes, whatever they mean."""
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 3, 8, 30])):
        size = len(data)
        at, roll = rng.randrange(size + 1), rng.randrange(11)
        if roll == 0 and size:
            data[at - 1] ^= 1 << rng.randrange(8)
        elif roll == 1 and size:
            data[at - 1] = rng.choice([0, 1, 127, 128, 254, 255, 10, 32])
        elif roll == 2:
            width = rng.choice('BHIQ')
            number = rng.choice(LENGTHS) & (1 << 8 * struct.calcsize(width)) - 1
            piece = struct.pack(rng.choice('<>') + width, number)
            data[at:at + len(piece)] = piece
        elif roll == 3:
            del data[at:at + rng.choice([1, 2, 4, 16, 100])]
        elif roll == 4:
            data[at:at] = data[rng.randrange(size + 1):][:rng.choice([1, 4, 16, 200])]
        elif roll == 5:
            del data[at:]
        elif roll == 6:
            data[at:at] = rng.randbytes(rng.choice([1, 2, 8, 64]))
        elif roll == 7:
            data[at:at + 16] = bytes(min(16, size - at))
        elif roll == 8 and other:
            data[at:] = other[rng.randrange(len(other)):]
        elif roll == 9:
            data[at:at + 1] = rng.choice(TEXTS).encode()
        else:
            data += rng.choice([b'\0', b'\n', bytes(4096), bytes(data[:4096])])
    return bytes(data)


def of_text(data, rng):
    """Lines and words dropped, doubled, exchanged, or replaced by what readers trip over."""
    lines = data.decode('utf8', 'replace').split('\n')
    for _ in range(rng.choice([1, 1, 2, 4])):
        at, roll = rng.randrange(len(lines)), rng.randrange(7)
        if roll == 0 and len(lines) > 1:
            del lines[at]
        elif roll == 1:
            lines[at:at] = [lines[at]] * rng.choice([1, 3, 1000, 20000])
        elif roll == 2:
            other = rng.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        elif roll == 3:
            lines[at] += rng.choice([',', ':', '\t', ' ', '"', '\0']) * rng.choice([1, 2, 5000])
        else:
            words = lines[at].split(rng.choice([',', ' ', ':', '\t', '"']))
            place = rng.randrange(len(words))
            separator = rng.choice([',', ' ', ':', '\t', '"'])
            words[place] = rng.choice(TEXTS) if rng.random() < .8 else str(rng.choice(LENGTHS))
            lines[at] = separator.join(words)
    return rng.choice(['\n', '\n', '\n', '\r\n', '\r']).join(lines).encode('utf8', 'surrogatepass')


def of_tree(value, rng):
    """A copy of lists and objects with a few of their values, keys or places changed."""
    root = [copy.deepcopy(value)]
    for _ in range(rng.choice([1, 1, 2, 4])):
        spots = list(branches(root))
        holder, key = rng.choice(spots)
        roll = rng.randrange(8)
        if roll == 0 and holder is not root:
            del holder[key]
        elif roll == 1 and isinstance(holder, list) and holder is not root:
            holder[key:key] = [copy.deepcopy(holder[key])] * rng.choice([1, 2, 300])
        elif roll == 2 and isinstance(holder, dict):
            holder[rng.choice([x for x in TEXTS] + [3, -1, 2**40])] = holder.pop(key)
        elif roll == 3:
            for _ in range(rng.choice([1, 10, 100, 600])):
                holder[key] = [holder[key]] if rng.random() < .5 else {'a': holder[key]}
            break  # what stands so deep cannot be copied
        elif roll == 4:
            source, place = rng.choice(spots)
            if place in source if isinstance(source, dict) else place < len(source):
                holder[key] = copy.deepcopy(source[place])
        else:
            holder[key] = copy.deepcopy(rng.choice(VALUES))
    return root[0]


def branches(value):
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(inner, (dict, list)) and inner:
            yield from branches(inner)


def of_json(data, rng):
    try:
        text = json.dumps(of_tree(json.loads(data), rng), ensure_ascii=rng.random() < .5)
    except (RecursionError, TypeError):
        depth = rng.choice([200, 512, 513, 5000, 100000])
        text = '[' * depth + ']' * depth
    return text.encode('utf8', 'surrogatepass')


def of_yaml(data, rng):
    roll = rng.random()
    if roll < .2:
        return bomb(data, rng)
    if roll < .5:
        return of_text(data, rng)
    try:
        return yaml.safe_dump(of_tree(yaml.safe_load(data), rng), allow_unicode=True, default_flow_style=rng.random() < .3).encode()
    except (RecursionError, yaml.YAMLError, TypeError):
        return b'a: ' + b'[' * 20000


def bomb(data, rng):
    """References to references: in keys, in values, merged, or to themselves."""
    width, depth = rng.choice([2, 9, 10]), rng.choice([3, 6, 12, 30])
    form = rng.randrange(5)
    lines = []
    for level in range(depth):
        inner = ','.join([f'*a{level - 1}' if level else '1'] * width)
        lines.append({0: f'? &a{level} [{inner}]\n: 1', 1: f'k{level}: &a{level} [{inner}]', 4: f'? &a{level} {{? [{inner}] : 1}}\n: 1',
                      2: f'k{level}: &a{level} {{<<: [{inner if level else "{x: 1}"}], y{level}: 1}}',
                      3: f'k{level}: &a{level} [*a{level}, 1]'}[form])
    text = '\n'.join(lines)
    if rng.random() < .5:
        text = rng.choice(['preprocessing', 'names', 'labels']) + ':\n' + '\n'.join('  ' + line for line in text.split('\n'))
    return text.encode() + (b'\n' + data if rng.random() < .5 else b'\n')


def of_npy(data, rng):
    """The header of an array with other shapes and types, its length put right."""
    start = data.index(b'{')
    end = data.index(b'\n', start)
    header = eval(data[start:end].decode(), {'__builtins__': {}})  # of our own seeds
    roll = rng.randrange(5)
    if roll == 0:
        header['descr'] = rng.choice(['<f4', '>f2', '<i8', '|b1', '<c8', '|O', '<U9', '|S9999999999', '|V8', '<f16', '<f0', '', 3, [('a', '<f4')],
                                      '<M8[s]', '<e', '|u1', '<u2', '<b2', '=f4'])
    elif roll == 1:
        header['fortran_order'] = rng.choice([True, False, None, 3])
    elif roll == 2:
        header.pop(rng.choice(list(header)))
    else:
        shape = list(header['shape'])
        for _ in range(rng.choice([1, 1, 2])):
            place = rng.randrange(len(shape) + 1)
            shape[place:place + rng.randrange(2)] = [rng.choice(LENGTHS)] * rng.choice([1, 1, 1, 40, 3000])
        header['shape'] = tuple(shape)
    text = repr(header).encode()
    if rng.random() < .2:
        text = of_bytes(text, rng)
    text += b'\n'
    version = rng.choice([1] * 9 + [2, 3, 9])
    length = rng.choice([len(text)] * 5 + LENGTHS)
    size = struct.pack('<H', length & 65535) if version == 1 else struct.pack('<I', length & 0xFFFFFFFF)
    return b'\x93NUMPY' + bytes([version, rng.choice([0, 0, 0, 1])]) + size + text + data[end + 1:]


def of_zip(data, rng, inner=of_bytes):
    """An archive with other members or other headers of theirs; the rest is put right."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        members = [(x.filename, source.read(x)) for x in source.infolist()]
    at, roll = rng.randrange(len(members)), rng.randrange(8)
    name, contents = members[at]
    if roll < 4:
        members[at] = (name, inner(contents, rng))
    elif roll == 4:
        members[at] = (rng.choice(['../x.npy', '/x.npy', '', 'x', 'a' * 60000, 'x/', '\x1b[2J.npy', name + '\0']), contents)
    elif roll == 5:
        members += [members[at]] * rng.choice([1, 2, 500])
    elif roll == 6:
        # What unpacks to a thousand times its size.
        members[at] = (name, contents[:128] + bytes(rng.choice([1 << 20, 1 << 26, 300 << 20])))
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', rng.choice([0, 8, 8, 8, 12, 14])) as file:
        for name, contents in members:
            file.writestr(zipfile.ZipInfo(name), contents, file.compression)
    data = bytearray(out.getvalue())
    if roll == 7 or rng.random() < .1:
        signature = rng.choice([b'PK\1\2', b'PK\3\4', b'PK\5\6'])
        at = data.find(signature) + 4 + rng.randrange(40)
        data[at:at + 4] = struct.pack('<I', rng.choice(LENGTHS) & 0xFFFFFFFF)
    return bytes(data)


def of_png(data, rng):
    """Chunks with other contents, order and number; checksums are right."""
    chunks, at = [], 8
    while at + 8 <= len(data):
        length, = struct.unpack_from('>I', data, at)
        chunks.append((data[at + 4:at + 8], data[at + 8:at + 8 + length]))
        at += 12 + length
    place, roll = rng.randrange(len(chunks)), rng.randrange(8)
    name, contents = chunks[place]
    if roll < 2:
        fields = list(struct.unpack('>IIBBBBB', chunks[0][1]))
        which = rng.randrange(7)
        fields[which] = rng.choice(LENGTHS) & 0xFFFFFFFF if which < 2 else rng.choice([0, 1, 2, 3, 4, 6, 8, 16, 255])
        chunks[0] = (b'IHDR', struct.pack('>IIBBBBB', *fields))
    elif roll == 2:
        rows = b''.join(c for n, c in chunks if n == b'IDAT')
        try:
            rows = zlib.compress(of_bytes(zlib.decompress(rows), rng) + bytes(rng.choice([0, 0, 1 << 26])))
        except zlib.error:
            pass
        chunks = [x for x in chunks if x[0] != b'IDAT']
        chunks.insert(-1, (b'IDAT', rows))
    elif roll == 3:
        chunks[place] = (name, of_bytes(contents, rng))
    elif roll == 4:
        del chunks[place]
    elif roll == 5:
        chunks[place:place] = [chunks[place]] * rng.choice([1, 2, 2000])
    else:
        extra = rng.choice([b'iCCP', b'zTXt', b'eXIf', b'tRNS', b'PLTE', b'acTL', b'gAMA', b'bKGD', b'sBIT', b'iTXt', b'cHRM'])
        long = b'x\0\0' + zlib.compress(bytes(rng.choice([10, 1 << 25])))
        chunks.insert(rng.randrange(len(chunks) + 1), (extra, rng.choice([b'', long, rng.randbytes(12), bytes(768), b'MM\0*\0\0\0\x08\xff\xff'])))
    return data[:8] + b''.join(chunk(*x) for x in chunks)


def of_jpeg(data, rng):
    """Segments with other contents: sizes, sampling factors, tables, lengths."""
    segments, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        length, = struct.unpack_from('>H', data, at + 2)
        segments.append([data[at + 1], data[at + 4:at + 2 + length], None])
        at += 2 + length
    rest = data[at:]
    segment, roll = rng.choice(segments), rng.randrange(7)
    frame = next((x for x in segments if 0xC0 <= x[0] <= 0xC2), segment)
    if roll < 2 and len(frame[1]) > 8:
        contents, place = bytearray(frame[1]), rng.randrange(len(frame[1]))
        contents[place] = rng.choice([0, 1, 2, 4, 0x11, 0x44, 0xFF])
        frame[1] = bytes(contents)
    elif roll == 2:
        segment[1] = of_bytes(segment[1], rng)[:60000]
    elif roll == 3:
        segments.remove(segment)
    elif roll == 4:
        segments[0:0] = [list(segment)] * rng.choice([1, 2, 3000])
    elif roll == 5:
        segment[2] = rng.choice([0, 1, 2, 3, 65535])
    else:
        rest = of_bytes(rest, rng)
    out = data[:2]
    for marker, contents, length in segments:
        out += struct.pack('>BBH', 0xFF, marker, (len(contents) + 2 if length is None else length) & 65535) + contents
    return out + rest


def of_webp(data, rng):
    """Chunks with other contents, order and declared sizes."""
    chunks, at = [], 12
    while at + 8 <= len(data):
        length, = struct.unpack_from('<I', data, at + 4)
        chunks.append([data[at:at + 4], data[at + 8:at + 8 + length], None])
        at += 8 + length + length % 2
    item, roll = rng.choice(chunks), rng.randrange(6)
    if roll < 2:
        contents = bytearray(item[1])
        if contents:
            place = rng.randrange(min(len(contents), 16))
            contents[place:place + 3] = struct.pack('<I', rng.choice(LENGTHS) & 0xFFFFFF)[:rng.choice([1, 2, 3])]
        item[1] = bytes(contents)
    elif roll == 2:
        chunks.remove(item)
    elif roll == 3:
        chunks[0:0] = [list(item)] * rng.choice([1, 2, 1000])
    elif roll == 4:
        item[2] = rng.choice(LENGTHS) & 0xFFFFFFFF
    else:
        item[1] = of_bytes(item[1], rng)
    body = b''.join(name + struct.pack('<I', len(x) if length is None else length) + x + bytes(len(x) % 2) for name, x, length in chunks)
    return data[:4] + struct.pack('<I', len(body) + 4) + data[8:12] + body


def of_tiff(data, rng):
    """Tags with other types, counts and values."""
    order = '<' if data[:2] == b'II' else '>'
    data = bytearray(data)
    if struct.unpack_from(order + 'H', data, 2)[0] != 42:
        return of_bytes(data, rng)
    start, = struct.unpack_from(order + 'I', data, 4)
    if start + 2 > len(data):
        return of_bytes(data, rng)
    count, = struct.unpack_from(order + 'H', data, start)
    for _ in range(rng.choice([1, 1, 2, 3])):
        at = start + 2 + 12 * rng.randrange(max(count, 1))
        if at + 12 > len(data):
            break
        roll = rng.randrange(6)
        if roll == 0:
            struct.pack_into(order + 'H', data, at, rng.choice([256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 322, 323, 324, 338, 339, 34665]))
        elif roll == 1:
            struct.pack_into(order + 'H', data, at + 2, rng.choice([0, 1, 2, 3, 4, 5, 11, 12, 13, 16, 255]))
        elif roll == 2:
            struct.pack_into(order + 'I', data, at + 4, rng.choice(LENGTHS) & 0xFFFFFFFF)
        elif roll == 3:
            struct.pack_into(order + 'I', data, at + 8, rng.choice([start, 4, 8] + LENGTHS) & 0xFFFFFFFF)
        else:
            struct.pack_into(order + 'H', data, at + 8, rng.choice(LENGTHS + [3, 6, 32, 34712, 50000, 34887]) & 0xFFFF)
    return bytes(data)


def of_safetensors(data, rng):
    length, = struct.unpack_from('<Q', data)
    header = of_json(data[8:8 + length], rng)
    return struct.pack('<Q', rng.choice([len(header)] * 4 + LENGTHS) & (1 << 64) - 1) + header + data[8 + length:]


def of_store(path, rng):
    """Values of another type, size or meaning in the rows of a data base."""
    with sqlite3.connect(path) as store:
        tables = [x[0] for x in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for _ in range(rng.choice([1, 1, 3])):
            table = rng.choice(tables)
            columns = [x[1] for x in store.execute(f'PRAGMA table_info("{table}")')]
            if not columns:  # dropped just now
                continue
            column = rng.choice(columns)
            value = rng.choice([None, 'text', '', b'', b'{', b'\xff' * 40, 7, -1, 2**63 - 1, 1e300, math.inf, b'[' * 3000, 'x' * 100000])
            try:
                store.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid % ? = 0', (value, rng.choice([1, 2, 3])))
                if rng.random() < .1:
                    store.execute(rng.choice([f'DROP TABLE "{table}"', f'ALTER TABLE "{table}" RENAME COLUMN "{column}" TO other',
                                              f'ALTER TABLE "{table}" ADD COLUMN more', f'DELETE FROM "{table}"',
                                              f'PRAGMA user_version = {rng.randrange(100)}']))
            except sqlite3.Error:
                pass
