"""Protobuf messages as trees, without generated code, so that what is written may be wrong in every way."""
import struct

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

# The messages of ONNX that hold messages: message -> field -> message.
SCHEMA = {
    'Model': {7: 'Graph', 8: 'Opset', 14: 'Entry', 25: 'Function'},
    'Graph': {1: 'Node', 5: 'Tensor', 11: 'Value', 12: 'Value', 13: 'Value', 15: 'Sparse', 16: 'Entry'},
    'Node': {5: 'Attribute', 9: 'Entry'},
    'Attribute': {5: 'Tensor', 6: 'Graph', 10: 'Tensor', 11: 'Graph', 14: 'Type', 22: 'Sparse'},
    'Tensor': {13: 'Entry', 16: 'Entry'},
    'Sparse': {1: 'Tensor', 2: 'Tensor'},
    'Value': {2: 'Type', 4: 'Entry'},
    'Type': {1: 'TensorType', 4: 'Holder', 9: 'Holder', 8: 'TensorType'},
    'Holder': {1: 'Type'},
    'TensorType': {2: 'Shape'},
    'Shape': {1: 'Dimension'},
    'Function': {7: 'Node', 9: 'Opset', 11: 'Attribute', 12: 'Value'},
}
# Repeated integers, which stand in one packed field.
PACKED = {('Attribute', 8), ('Tensor', 1), ('Tensor', 5), ('Tensor', 7), ('Sparse', 3)}


class Field:
    """One field: an integer, bytes, a list of integers (packed) or a list of fields (a message)."""

    def __init__(self, number, kind, value, message=None):
        self.number, self.kind, self.value, self.message = number, kind, value, message
        self.declared = None  # a length other than the true one


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def parse(data, message='Model'):
    fields, at = [], 0
    while at < len(data):
        key, at = read_varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = read_varint(data, at)
        elif kind == FIXED64:
            value, at = data[at:at + 8], at + 8
        elif kind == FIXED32:
            value, at = data[at:at + 4], at + 4
        else:
            length, at = read_varint(data, at)
            value, at = data[at:at + length], at + length
        inner = SCHEMA.get(message, {}).get(number) if kind == BYTES else None
        if inner:
            value = parse(value, inner)
        elif kind == BYTES and (message, number) in PACKED:
            numbers, place = [], 0
            while place < len(value):
                item, place = read_varint(value, place)
                numbers.append(item)
            value = numbers
        fields.append(Field(number, kind, value, message))
    return fields


def serialise(fields):
    out = bytearray()
    for field in fields:
        out += varint(field.number << 3 | field.kind)
        value = field.value
        if field.kind == VARINT:
            out += varint(value)
        elif field.kind == BYTES:
            if isinstance(value, list):
                packed = value and isinstance(value[0], int)
                value = b''.join(map(varint, value)) if packed else serialise(value)
            out += varint(len(value) if field.declared is None else field.declared) + value
        else:
            out += value
    return bytes(out)


def places(fields):
    """Every field of a tree with the list that it stands in."""
    for field in fields:
        yield fields, field
        if isinstance(field.value, list) and field.value and isinstance(field.value[0], Field):
            yield from places(field.value)


def copy(field):
    value = [copy(x) if isinstance(x, Field) else x for x in field.value] if isinstance(field.value, list) else field.value
    return Field(field.number, field.kind, value, field.message)


LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 16, 17, 64, 127, 128, 255, 256, 1000, 65535, 65536, 1 << 20, 1 << 24, (1 << 31) - 1, 1 << 31,
           (1 << 32) - 1, 1 << 32, 1 << 40, 1 << 48, 1 << 61, 1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, -1, -2, -3, -16, -(1 << 31)]
FLOATS = [0.0, -0.0, 1.0, -1.0, 1e-45, 1e30, 3.4e38, float('inf'), float('-inf'), float('nan'), 0.5, 1e-8]
OPERATORS = '''Abs Add And ArgMax AveragePool BatchNormalization Cast CastLike Ceil Celu Clip Compress Concat Constant ConstantOfShape Conv
ConvTranspose CumSum DepthToSpace DequantizeLinear Div Dropout Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather
GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater GridSample GroupNormalization HardSigmoid HardSwish Identity If
InstanceNormalization LRN LSTM LayerNormalization LeakyRelu Less Log LogSoftmax Loop LpNormalization LpPool MatMul MatMulInteger Max MaxPool
MaxRoiPool MaxUnpool Mean Min Mish Mod Mul Neg NonMaxSuppression NonZero Not OneHot Optional Or PRelu Pad Pow QuantizeLinear RNN
RandomNormal RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSumExp ReduceMax ReduceMean ReduceProd ReduceSum Relu Reshape
Resize ReverseSequence RoiAlign Round Scan ScatterElements ScatterND SequenceAt SequenceConstruct Shape Shrink Sigmoid Sign Size Slice
Softmax Softplus SpaceToDepth Split SplitToSequence Sqrt Squeeze StringNormalizer Sub Sum Tanh TfIdfVectorizer Tile TopK Transpose Trilu
Unique Unsqueeze Upsample Where Xor'''.split()
NAMES = [b'', b'x', b'y', b'\x1b[2J', b'\x00', b'\xff\xfe', b'a' * 5000, b'../../etc/passwd', b'/dev/zero', b'%s%n', b'{}', b'com.microsoft',
         b'ai.onnx.ml', '🦔'.encode(), b'a/b', b'"', b"'; x", b'axes', b'pads', b'kernel_shape', b'strides', b'perm', b'to', b'body']


def mutate(data, rng):
    """A model with a few of its fields changed."""
    root = parse(data)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 6])):
        everything = list(places(root))
        if not everything:
            break
        # Large weights are rarely of interest.
        siblings, field = rng.choice([x for x in everything if rng.random() < .5 or not (x[1].message == 'Tensor' and x[1].number == 9)]
                                     or everything)
        change(siblings, field, everything, rng)
    return serialise(root)


def change(siblings, field, everything, rng):
    roll = rng.random()
    at = next(i for i, x in enumerate(siblings) if x is field)
    if roll < .08:
        del siblings[at]
    elif roll < .16:
        siblings[at:at] = [copy(field) for _ in range(rng.choice([1, 1, 2, 100, 1000]) if len(everything) < 3000 else 1)]
    elif roll < .22:
        other = rng.randrange(len(siblings))
        siblings[at], siblings[other] = siblings[other], siblings[at]
    elif roll < .26:
        field.number = rng.choice([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14, 20, 25, 100, (1 << 29) - 1])
    elif roll < .29 and field.kind == BYTES:
        field.declared = rng.choice(LENGTHS)
    elif roll < .36:
        same = [x for _, x in everything if (x.message, x.number) == (field.message, field.number) and x is not field]
        if same:
            siblings[at] = copy(rng.choice(same))
    elif roll < .38 and isinstance(field.value, list) and field.value and isinstance(field.value[0], Field):
        nest(field, rng)
    else:
        revalue(field, everything, rng)


def nest(field, rng):
    """The message within itself, by the first of its fields that may hold one."""
    depth = rng.choice([3, 50, 99, 101, 1000, 20000])
    chain = {'Graph': [(1, 'Node'), (5, 'Attribute'), (6, 'Graph')], 'Type': [(4, 'Holder'), (1, 'Type')]}
    inner = SCHEMA.get(field.message, {}).get(field.number)
    steps = chain.get(inner)
    if not steps:
        return
    data = serialise(field.value)
    for level in range(depth):
        number = steps[::-1][level % len(steps)][0]
        data = varint(number << 3 | BYTES) + varint(len(data)) + data
        if len(data) > 1 << 20:
            break
    field.value = data


def revalue(field, everything, rng):
    value = field.value
    if field.kind == VARINT:
        field.value = rng.choice([rng.choice(LENGTHS), rng.randrange(0, 24), value + 1, value - 1, -value])
    elif field.kind == FIXED32:
        field.value = struct.pack('<f', rng.choice(FLOATS))
    elif field.kind == FIXED64:
        field.value = struct.pack('<d', rng.choice(FLOATS))
    elif isinstance(value, list) and value and isinstance(value[0], int):
        roll = rng.randrange(5)
        at = rng.randrange(len(value))
        if roll == 0:
            del value[at]
        elif roll == 1:
            value.insert(at, rng.choice(LENGTHS))
        elif roll == 2:
            field.value = value * rng.choice([2, 3, 50])
        else:
            value[at] = rng.choice([rng.choice(LENGTHS), rng.randrange(-3, 20)])
    elif isinstance(value, (bytes, bytearray)):
        strings = [x.value for _, x in everything if isinstance(x.value, bytes) and 0 < len(x.value) < 40]
        if field.message == 'Node' and field.number == 4:
            field.value = rng.choice(OPERATORS).encode()
        elif field.message == 'Tensor' and field.number == 9:
            field.value = raw(value, rng)
        elif field.message == 'Dimension' and rng.random() < .5:
            field.kind, field.number, field.value = VARINT, 1, rng.choice(LENGTHS)
        else:
            field.value = rng.choice(strings + NAMES if rng.random() < .7 or not value else [value[:-1], value + value, value[::-1]])


def raw(value, rng):
    """Numbers of a tensor: too few, too many, or of another size."""
    roll = rng.randrange(5)
    if roll == 0 or not value:
        return value[:rng.randrange(len(value) + 1)]
    if roll == 1:
        return value + bytes(rng.choice([1, 4, 8, 4096]))
    unit = rng.choice([4, 8])
    at = rng.randrange(max(len(value) // unit, 1)) * unit
    number = struct.pack('<f', rng.choice(FLOATS)) if unit == 4 else varint64(rng.choice(LENGTHS))
    if roll == 2:
        return (number * (len(value) // unit + 1))[:len(value)]
    return value[:at] + number + value[at + unit:]


def varint64(value):
    return struct.pack('<Q', value & (1 << 64) - 1)
