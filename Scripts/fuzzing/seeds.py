"""Small valid inputs of every kind, from which the others are made. All are written here; none is fetched."""
import io
import json
import pickle
import struct
import sys
import types
import zipfile
import zlib

import numpy as np
import onnx
import yaml
from onnx import TensorProto, helper as H, numpy_helper as N
from PIL import Image

numbers = np.random.default_rng(13)


def weight(name, *shape):
    return N.from_array((numbers.standard_normal(shape) * .3).astype(np.float32), name)


def integers(name, *values):
    return N.from_array(np.array(values, np.int64), name)


def node(operator, inputs, outputs, **attributes):
    return H.make_node(operator, inputs.split(), outputs.split(), f'{operator}_{outputs.split()[0]}', **attributes)


def model(nodes, weights, shape=('N', 3, 16, 16), outputs=('y',), opset=17, head=True, functions=(), kinds={}, **more):
    """`nodes` from x to c; then the mean over places and a linear layer of five classes."""
    if head:
        nodes = nodes + [node('GlobalAveragePool', 'c', 'p'), node('Flatten', 'p', 'f'), node('Gemm', 'f w b', 'y')]
        weights = weights + [weight('w', 6, 5), weight('b', 5)]
    graph = H.make_graph(nodes, 'net', [H.make_tensor_value_info('x', TensorProto.FLOAT, shape)],
                         [H.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), None) for name in outputs], weights, **more)
    opsets = [H.make_opsetid('', opset)] + [H.make_opsetid('local', 1)] * bool(functions)
    return H.make_model(graph, opset_imports=opsets, ir_version=8, functions=list(functions)).SerializeToString()


def convolutional():
    nodes = [node('Conv', 'x k', 'v', pads=[1, 1, 1, 1]), node('BatchNormalization', 'v s t m q', 'n'), node('Relu', 'n', 'r'),
             node('MaxPool', 'r', 'o', kernel_shape=[2, 2], strides=[2, 2]), node('Conv', 'o l', 'c', pads=[1, 1, 1, 1], group=2)]
    vectors = [weight(name, 6) for name in 'stm'] + [N.from_array(np.ones(6, np.float32), 'q')]
    return nodes, [weight('k', 6, 3, 3, 3), weight('l', 6, 3, 3, 3), *vectors]


def resized():
    nodes = [node('Conv', 'x k', 'v', pads=[1, 1, 1, 1], strides=[2, 2]), node('Resize', 'v  e', 'u', mode='linear'),
             node('Pad', 'u d', 'a', mode='reflect'), node('Slice', 'a from to axes steps', 'i'),
             node('ConvTranspose', 'i g', 'z', strides=[2, 2]), node('Split', 'z', 'g1 g2', axis=1), node('Concat', 'g2 g1', 'j', axis=1),
             node('AveragePool', 'j', 'c', kernel_shape=[3, 3], ceil_mode=1)]
    nodes[1] = H.make_node('Resize', ['v', '', 'e'], ['u'], 'resize', mode='linear')
    return nodes, [weight('k', 6, 3, 3, 3), N.from_array(np.array([1, 1, 2, 2], np.float32), 'e'), integers('d', 0, 0, 1, 1, 0, 0, 1, 1),
                   integers('from', 1, 1), integers('to', 2**31, -1), integers('axes', 2, 3), integers('steps', 2, 1), weight('g', 6, 6, 2, 2)]


def attention():
    nodes = [node('Conv', 'x k', 'v', strides=[4, 4]), node('Reshape', 'v as', 'r'), node('Transpose', 'r', 't', perm=[0, 2, 1]),
             node('LayerNormalization', 't g', 'n', axis=-1), node('MatMul', 'n wq', 'q'), node('MatMul', 'n wk', 'k2'),
             node('Transpose', 'k2', 'kt', perm=[0, 2, 1]), node('MatMul', 'q kt', 's'), node('Softmax', 's', 'a'),
             node('MatMul', 'a n', 'o'), node('Add', 'o t', 'h'), node('Erf', 'h', 'e'), node('Mul', 'h e', 'z'),
             node('ReduceMean', 'z', 'm', axes=[1], keepdims=0), node('Gemm', 'm w b', 'l'), node('Softmax', 'l', 'y')]
    return nodes, [weight('k', 6, 3, 4, 4), integers('as', 0, 0, -1), weight('g', 6), weight('wq', 6, 6), weight('wk', 6, 6),
                   weight('w', 6, 5), weight('b', 5)]


def controlled():
    value = H.make_tensor_value_info
    body = H.make_graph([node('Mul', 's k', 't'), node('Identity', 'go', 'more')], 'body',
                        [value('i', TensorProto.INT64, []), value('go', TensorProto.BOOL, []), value('s', TensorProto.FLOAT, None)],
                        [value('more', TensorProto.BOOL, []), value('t', TensorProto.FLOAT, None)])
    branches = [H.make_graph([node(operator, 'z', 'b' + operator)], operator, [], [value('b' + operator, TensorProto.FLOAT, None)])
                for operator in ('Relu', 'Neg')]
    nodes = [node('Conv', 'x k6', 'v'), node('Shape', 'v', 'sh'), node('Loop', 'n yes v', 'z', body=body),
             node('If', 'yes', 'c', then_branch=branches[0], else_branch=branches[1])]
    return nodes, [weight('k6', 6, 3, 3, 3), integers('trips', 3), N.from_array(np.array(3), 'n'), N.from_array(np.array(True), 'yes'),
                   weight('k', 1)]


def scanned():
    value = H.make_tensor_value_info
    body = H.make_graph([node('Add', 's e', 't'), node('Identity', 't', 'o')], 'step',
                        [value('s', TensorProto.FLOAT, None), value('e', TensorProto.FLOAT, None)],
                        [value('t', TensorProto.FLOAT, None), value('o', TensorProto.FLOAT, None)])
    nodes = [node('Conv', 'x k6', 'v'), node('Reshape', 'v to', 'r'), node('Scan', 'z r', 'u h', body=body, num_scan_inputs=1,
                                                                           scan_input_axes=[1]),
             node('LSTM', 'h wl rl', 'l1 l2', hidden_size=6), node('Squeeze', 'l2 zero', 'f'), node('Gemm', 'f w b', 'y')]
    return nodes, [weight('k6', 6, 3, 3, 3), integers('to', 1, 6, 196), N.from_array(np.zeros((1, 196), np.float32), 'z'),
                   weight('wl', 1, 24, 196), weight('rl', 1, 24, 6), integers('zero', 0), weight('w', 6, 5), weight('b', 5)]


def quantised():
    nodes = [node('QuantizeLinear', 'x s o', 'q'), node('DequantizeLinear', 'q s o', 'd'), node('DequantizeLinear', 'kq ks ko', 'k', axis=0),
             node('Conv', 'd k', 'v'), node('Clip', 'v low high', 'c')]
    return nodes, [N.from_array(np.array(.02, np.float32), 's'), N.from_array(np.array(120, np.uint8), 'o'),
                   N.from_array(numbers.integers(-9, 9, (6, 3, 3, 3)).astype(np.int8), 'kq'), weight('ks', 6),
                   N.from_array(np.zeros(6, np.int8), 'ko'), N.from_array(np.array(0, np.float32), 'low'),
                   N.from_array(np.array(6, np.float32), 'high')]


def detector():
    nodes = [node('Conv', 'x k', 'v', strides=[4, 4]), node('Reshape', 'v to', 'r'), node('Split', 'r parts', 'bx sc', axis=1),
             node('Transpose', 'bx', 'bt', perm=[0, 2, 1]), node('Sigmoid', 'sc', 'sg'),
             node('NonMaxSuppression', 'bt sg most iou least', 'picks'), node('ReduceMax', 'sg', 'best', axes=[1], keepdims=0),
             node('TopK', 'best two', 'top which'), node('Gather', 'bt first', 'gathered', axis=1)]
    return nodes, [weight('k', 9, 3, 4, 4), integers('to', 0, 9, 16), integers('parts', 4, 5), integers('two', 2), integers('most', 4),
                   N.from_array(np.array([.5], np.float32), 'iou'), N.from_array(np.array([.1], np.float32), 'least'),
                   integers('first', 0, 1)]


def models():
    half = H.make_function('local', 'Half', ['a'], ['z'], [node('Constant', '', 'k', value_float=.5), node('Mul', 'a k', 'z')],
                           [H.make_opsetid('', 17)])
    halved = [node('Conv', 'x k', 'v'), H.make_node('Half', ['v'], ['c'], 'half', domain='local')]
    sparse = H.make_sparse_tensor(N.from_array(np.array([.5, 2], np.float32), 'v_sparse'), integers('', 1, 40), [6, 3, 3, 3])
    sparse.values.name = 'k'
    older = [node('Conv', 'x k', 'v'), H.make_node('Upsample', ['v', 'e'], ['u'], 'up', mode='nearest'),
             H.make_node('Dropout', ['u'], ['c'], 'drop', ratio=.5)]
    return {
        'convolutional': model(*convolutional()), 'resized': model(*resized()), 'attention': model(*attention(), head=False),
        'controlled': model(*controlled()), 'scanned': model(*scanned(), (1, 3, 16, 16), head=False), 'quantised': model(*quantised()),
        'detector': model(*detector(), ('N', 3, 16, 16), ('picks', 'top', 'gathered'), head=False,
                          kinds={'picks': TensorProto.INT64}),
        'function': model(halved, [weight('k', 6, 3, 3, 3)], functions=[half]),
        'sparse': model([node('Conv', 'x k', 'c')], [], sparse_initializer=[sparse]),
        'older': model(older, [weight('k', 6, 3, 3, 3), N.from_array(np.array([1, 1, 2, 2], np.float32), 'e')], opset=9),
    }


def external():
    """A model and the file of its weights."""
    message = onnx.load_model_from_string(model(*convolutional()))
    data = bytearray()
    for tensor in message.graph.initializer:
        raw = tensor.raw_data
        tensor.ClearField('raw_data')
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (('location', 'weights.data'), ('offset', str(len(data))), ('length', str(len(raw)))):
            tensor.external_data.add(key=key, value=value)
        data += raw
    return message.SerializeToString(), bytes(data)


def pixels(channels=3, width=23, height=17, kind=np.uint8):
    picture = numbers.integers(0, np.iinfo(kind).max, (height, width, channels), dtype=kind)
    return picture[:, :, 0] if channels == 1 else picture


def pictures():
    def encoded(picture, form, **options):
        out = io.BytesIO()
        picture.copy().save(out, form, **options)  # a picture remembers the options of its last file
        return out.getvalue()

    colour, grey, alpha = (Image.fromarray(pixels(count)) for count in (3, 1, 4))
    deep = Image.fromarray(pixels(1, kind=np.uint16))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, 'maker'
    exif.get_ifd(0x8769)[0x9286] = b'comment'
    result = {
        'colour.png': encoded(colour, 'PNG', exif=exif.tobytes()), 'grey.png': encoded(grey, 'PNG'), 'alpha.png': encoded(alpha, 'PNG'),
        'deep.png': encoded(deep, 'PNG'), 'palette.png': encoded(colour.convert('P'), 'PNG', transparency=3),
        'bits.png': encoded(grey.convert('1'), 'PNG'), 'interlaced.png': interlaced(),
        'colour.jpg': encoded(colour, 'JPEG', exif=exif.tobytes()), 'grey.jpg': encoded(grey, 'JPEG'),
        'progressive.jpg': encoded(colour, 'JPEG', progressive=True, subsampling=2, restart_marker_blocks=1),
        'inks.jpg': encoded(colour.convert('CMYK'), 'JPEG'),
        'lossy.webp': encoded(colour, 'WEBP', exif=exif.tobytes()), 'lossless.webp': encoded(alpha, 'WEBP', lossless=True),
        'moving.webp': encoded(colour, 'WEBP', save_all=True, append_images=[colour.rotate(90)], duration=50),
        'float.tif': encoded(grey.convert('F'), 'TIFF'), 'deep.tif': encoded(deep, 'TIFF', compression='tiff_lzw'),
        'pages.tif': encoded(colour, 'TIFF', save_all=True, append_images=[grey]), 'alpha.tif': encoded(alpha, 'TIFF'),
        'inks.tif': encoded(colour.convert('CMYK'), 'TIFF', compression='packbits'),
        'large.tif': encoded(colour, 'TIFF', big_tiff=True),
    }
    for compression in ('tiff_adobe_deflate', 'jpeg', 'tiff_lzw', 'group4', 'tiff_ccitt'):
        source = grey.convert('1') if compression in ('group4', 'tiff_ccitt') else colour
        result[f'{compression}.tif'] = encoded(source, 'TIFF', compression=compression)
    return result


def chunk(name, data):
    return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))


def interlaced(side=8):
    picture, rows = pixels(3, side, side), bytearray()
    for y0, x0, dy, dx in ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)):
        for y in range(y0, side, dy):
            rows += b'\0' + picture[y, x0::dx].tobytes()
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', side, side, 8, 2, 0, 0, 1))
            + chunk(b'IDAT', zlib.compress(bytes(rows))) + chunk(b'IEND', b''))


def array(values):
    out = io.BytesIO()
    np.save(out, values)
    return out.getvalue()


def arrays(*shape):
    values = numbers.standard_normal(shape).astype(np.float32)
    return {'float.npy': array(values), 'double.npy': array(values.astype('>f8')), 'half.npy': array(values.astype(np.float16)),
            'columns.npy': array(np.asfortranarray(values)), 'bytes.npy': array((values * 40).astype(np.uint8)),
            'truth.npy': array(values > 0)}


def archive(**entries):
    out = io.BytesIO()
    np.savez_compressed(out, **entries) if entries.pop('compressed', True) else np.savez(out, **entries)
    return out.getvalue()


def archives():
    values = numbers.standard_normal((3, 17, 23)).astype(np.float32)
    return {'one.npz': archive(picture=values), 'stored.npz': archive(picture=values, compressed=False),
            'several.npz': archive(a=values, b=values[0], c=np.arange(3))}


def tables():
    names = ['tabby, tabby cat', 'crane', "it's", 'Öl', '7 up']
    known = dict(enumerate(names))
    return {
        'names.txt': '\n'.join(names).encode(), 'table.csv': ''.join(f'{k},"{v}"\n' for k, v in known.items()).encode(),
        'heading.csv': ('id,name\n' + ''.join(f'{k},"{v}"\n' for k, v in known.items())).encode(),
        'list.json': json.dumps(names).encode(), 'index.json': json.dumps({k: [f'n{k:08d}', v] for k, v in known.items()}).encode(),
        'config.json': json.dumps({'id2label': known, 'num_labels': 5}).encode(), 'python.txt': repr(known).encode(),
        'data.yaml': yaml.safe_dump({'nc': 5, 'names': names}, allow_unicode=True).encode(),
        'map.pbtxt': ''.join(f"item {{\n  id: {k + 1}\n  name: {json.dumps(v)}\n}}\n" for k, v in known.items()).encode(),
        'darknet.names': '\n'.join(names).encode(), 'spaces.txt': ''.join(f'{k} {v}\n' for k, v in known.items()).encode(),
    }


SIDECAR = {'preprocessing': {'resize': 'squash:16x16', 'filter': 'bilinear', 'channels': 'rgb', 'scale': .0039, 'layout': 'nchw',
                             'mean': [.485, .456, .406], 'std': [.229, .224, .225]},
           'labels': ['a', 'b', 'c', 'd', 'e'], 'layer': 'c'}


def checkpoints():
    """What PyTorch and others write, without PyTorch: the modules that the pickle names stand in for its own."""
    class Storage:
        pass

    torch, utilities, rebuild = types.ModuleType('torch'), types.ModuleType('torch._utils'), lambda *_: None
    for name, value, module in (('FloatStorage', Storage, torch), ('_rebuild_tensor_v2', rebuild, utilities)):
        value.__module__, value.__qualname__, value.__name__ = module.__name__, name, name
        setattr(module, name, value)
    sys.modules |= {'torch': torch, 'torch._utils': utilities}

    class Tensor:
        def __reduce__(self):
            return rebuild, (Marker(), 0, (2, 3), (3, 1), False, {})

    class Marker:
        pass

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return ('storage', Storage, '0', 'cpu', 6) if isinstance(value, Marker) else None

    out = io.BytesIO()
    Pickler(out, 2).dump({'layer.weight': Tensor(), 'epoch': 3, 'layer.bias': Tensor()})
    for name in ('torch', 'torch._utils'):
        del sys.modules[name]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, 'w') as file:
        for name, data in (('data.pkl', out.getvalue()), ('byteorder', b'little'), ('data/0', bytes(24)), ('version', b'3\n')):
            file.writestr(zipfile.ZipInfo('net/' + name), data)
    header = json.dumps({'weight': {'dtype': 'F32', 'shape': [2, 3], 'data_offsets': [0, 24]}}).encode()
    return {'net.pt': packed.getvalue(), 'net.pkl': out.getvalue(), 'net.safetensors': struct.pack('<Q', len(header)) + header + bytes(24)}
