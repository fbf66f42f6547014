"""What is read by which command: each reader makes a case, a folder's files and a command line."""
import dataclasses
import functools
import os
import re
import shutil
import subprocess
import tempfile

import yaml

import mutations as M
import seeds
import wire

PREPARED = ['--preset', 'imagenet']


@dataclasses.dataclass
class Case:
    """A command line, the files it finds, and those of them that were damaged."""
    arguments: list
    files: dict
    damaged: list = dataclasses.field(default_factory=list)
    stdin: object = None  # a file of the case, a device, or nothing
    special: dict = dataclasses.field(default_factory=dict)  # what is no regular file: name -> what it is


READERS = {}


def reader(function):
    READERS[function.__name__.replace('_', '-')] = function
    return function


@functools.cache
def seed(kind):
    return {'models': seeds.models, 'pictures': seeds.pictures, 'archives': seeds.archives, 'tables': seeds.tables,
            'checkpoints': seeds.checkpoints, 'inputs': lambda: seeds.arrays(1, 3, 16, 16), 'maps': lambda: seeds.arrays(17, 23),
            'volumes': lambda: seeds.arrays(4, 17, 23), 'external': seeds.external}[kind]()


def pick(kind, rng):
    return rng.choice(sorted(seed(kind).items()))


def plain():
    return seed('models')['convolutional']


def commands(rng, model='m.onnx', picture='a.png'):
    """A command that asks something of a model."""
    # What takes long is asked less often.
    return rng.choice([
        ['inspect', model], ['inspect', model, '--json'], ['inspect', model, '--graph'],
        ['predict', model, picture, *PREPARED], ['predict', model, picture],
        ['explain', model, picture, '-o', 'out', *PREPARED],
        ['explain', model, picture, '-o', 'out', '-m', rng.choice(['gradient', 'occlusion', 'lrp', 'integrated-gradients', 'scorecam'])],
        ['attribute', model, '--input', 'x.npy', '--target', rng.choice(['0', 'prob(1)', 'sum(y)']), '--method',
         rng.choice(['gradcam', 'gradient', 'score', 'guided-backprop', 'lrp', 'deeplift', 'cam', 'rise:samples=20']), '--output', 'out'],
        ['verify', model], ['verify', model, picture, *PREPARED],
        ['compile', model, '--method', rng.choice(['gradcam', 'gradient', 'smoothgrad:samples=3']), '-o', 'out/c.onnx'],
        ['check', model, picture, *PREPARED, '-m', 'gradient'],
    ])


def around(model):
    return {'m.onnx': model, 'a.png': seed('pictures')['palette.png'], 'x.npy': seed('inputs')['float.npy']}


@reader
def models(rng):
    _, data = pick('models', rng)
    data = wire.mutate(data, rng) if rng.random() < .85 else M.of_bytes(data, rng, plain())
    return Case(commands(rng), around(data), ['m.onnx'])


@reader
def external_data(rng):
    model, weights = seed('external')
    roll = rng.random()
    if roll < .5:
        root = wire.parse(model)
        entries = [f for _, f in wire.places(root) if f.message == 'Entry']
        for entry in rng.sample(entries, rng.choice([1, 1, 2])):
            entry.value = rng.choice(M.TEXTS + ['weights.data', 'm.onnx', '..', '.', './weights.data', '4096', 'offset', 'length', 'location']
                                     + [str(x) for x in M.LENGTHS]).encode('utf8', 'surrogatepass')
        model = wire.serialise(root)
    elif roll < .7:
        model = wire.mutate(model, rng)
    else:
        weights = M.of_bytes(weights, rng)
    return Case(commands(rng), around(model) | {'weights.data': weights}, ['m.onnx', 'weights.data'])


def damaged_picture(name, data, rng):
    form = name.rsplit('.', 1)[1]
    structured = {'png': M.of_png, 'jpg': M.of_jpeg, 'webp': M.of_webp, 'tif': M.of_tiff}[form]
    return structured(data, rng) if rng.random() < .65 else M.of_bytes(data, rng, pick('pictures', rng)[1])


@reader
def pictures(rng):
    name, data = pick('pictures', rng)
    data = damaged_picture(name, data, rng)
    if rng.random() < .1:
        data = damaged_picture(name, data, rng) if not name.endswith(('png', 'jpg')) else M.of_bytes(data, rng)
    command = rng.choice([['predict', 'm.onnx', name, *PREPARED], ['predict', 'm.onnx', name, *PREPARED, '--channels', rng.choice(['3', 'rgba', 'grey'])],
                          ['explain', 'm.onnx', name, *PREPARED, '-o', 'out'], ['predict', 'm.onnx', '-', *PREPARED]])
    return Case(command, {'m.onnx': plain(), name: data}, [name], name if '-' in command else None)


@reader
def arrays(rng):
    name, data = pick('inputs', rng)
    data = M.of_npy(data, rng) if rng.random() < .7 else M.of_bytes(data, rng)
    attribute = ['attribute', 'm.onnx', '--target', '0', '--method', 'gradient', '--output', 'out', '--input']
    command, stdin = rng.choice([(attribute + [name], None), (attribute + ['-'], name), (['predict', 'm.onnx', name, *PREPARED], None),
                                 (['predict', 'm.onnx', '-', *PREPARED], name),
                                 (['explain', 'm.onnx', 'a.png', '-o', 'out', '--input', f'x={name}'], None)])
    return Case(command, around(plain()) | {name: data}, [name], stdin)


@reader
def maps(rng):
    name, data = pick('maps', rng)
    data = M.of_npy(data, rng) if rng.random() < .7 else M.of_bytes(data, rng)
    metric = rng.choice(['pearson', 'ssim', 'spearman-abs', 'hog', 'emd', 'iou'])
    attribute = ['attribute', 'm.onnx', '--input', 'x.npy', '--output', 'out', '--method']
    command, stdin = rng.choice([(['compare-maps', name, 'y.npy', '--metric', metric], None), (['compare-maps', '-', 'y.npy', '--metric', metric], name),
                                 (attribute + ['gradient', '--target', f'mean(y, {name})'], None),
                                 (attribute + [f'rise:masks={name}', '--target', '0'], None),
                                 (attribute + [f'integrated-gradients:steps=3,baseline={name}', '--target', '0'], None),
                                 (attribute + [f'feature-ablation:segments={name}', '--target', '0'], None)])
    return Case(command, around(plain()) | {name: data, 'y.npy': seed('maps')['float.npy']}, [name], stdin)


@reader
def archives(rng):
    name, data = pick('archives', rng)
    data = M.of_zip(data, rng, M.of_npy) if rng.random() < .7 else M.of_bytes(data, rng)
    command = ['predict', 'm.onnx', name, *PREPARED] + rng.choice([[], ['--array', 'a'], ['--array', 'picture']])
    return Case(command, {'m.onnx': plain(), name: data}, [name])


@reader
def volumes(rng):
    name, data = rng.choice(sorted((seed('volumes') | seed('archives')).items()))
    data = M.of_npy(data, rng) if name.endswith('npy') and rng.random() < .8 else M.of_bytes(data, rng)
    model = seeds.model([seeds.node('Conv', 'x k', 'v'), seeds.node('Relu', 'v', 'c')], [seeds.weight('k', 6, 1, 3, 3, 3)],
                        (1, 1, 4, 16, 16))
    return Case(['explain', 'm.onnx', name, '-o', 'out'], {'m.onnx': model, name: data}, [name])


@reader
def labels(rng):
    name, data = pick('tables', rng)
    damage = M.of_json if name.endswith('json') else M.of_yaml if name.endswith('yaml') else M.of_text
    data = damage(data, rng) if rng.random() < .7 else M.of_bytes(data, rng, pick('tables', rng)[1])
    return Case(['predict', 'm.onnx', 'a.png', '--labels', name, *PREPARED], around(plain()) | {name: data}, [name])


@reader
def sidecars(rng):
    text = yaml.safe_dump(seeds.SIDECAR).encode()
    data = M.of_yaml(text, rng) if rng.random() < .8 else M.of_bytes(text, rng)
    command = rng.choice([['predict', 'm.onnx', 'a.png'], ['explain', 'm.onnx', 'a.png', '-o', 'out']])
    return Case(command, around(plain()) | {'m.gaze.yaml': data}, ['m.gaze.yaml'])


@reader
def checkpoints(rng):
    """Where a model is expected: what it is gets told, and nothing of it is run."""
    name, data = pick('checkpoints', rng)
    damage = M.of_zip if name.endswith('.pt') else M.of_safetensors if name.endswith('safetensors') else M.of_bytes
    data = damage(data, rng) if rng.random() < .6 else M.of_bytes(data, rng)
    return Case(rng.choice([['inspect', name], ['predict', name, 'a.png']]), around(plain()) | {name: data}, [name])


@reader
def masks(rng):
    name, data = rng.choice(sorted(seed('maps').items()) + sorted(seed('pictures').items()))
    data = (M.of_npy(data, rng) if rng.random() < .6 else M.of_bytes(data, rng)) if name.endswith('npy') else damaged_picture(name, data, rng)
    model = seeds.model([seeds.node('Conv', 'x k', 'v'), seeds.node('Relu', 'v', 'r'), seeds.node('Conv', 'r l', 'y')],
                        [seeds.weight('k', 6, 3, 3, 3), seeds.weight('l', 5, 6, 3, 3)], head=False)
    return Case(['explain', 'm.onnx', 'a.png', '--mask', name, '-c', '1', '-o', 'out', *PREPARED], around(model) | {name: data}, [name])


def evaluation(*more):
    return ['evaluate', 'm.onnx', *more, '-m', 'gradient', '--metrics', 'average-drop,pointing-game', '--no-references', '-o', 'out', *PREPARED]


@reader
def data_sets(rng):
    import json
    box = '<object><name>b</name><bndbox><xmin>2</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>'
    rows = [{'file': f'{n}.png', 'class': k, 'xmin': 1, 'ymin': 2, 'xmax': 9, 'ymax': 8, 'width': 23, 'height': 17} for k, n in enumerate('ab')]
    coco = {'images': [{'id': k, 'file_name': f'{n}.png', 'width': 23, 'height': 17} for k, n in enumerate('ab')],
            'annotations': [{'id': 1, 'image_id': 0, 'category_id': 2, 'bbox': [1, 2, 5, 6], 'iscrowd': 0, 'area': 30}],
            'categories': [{'id': 2, 'name': 'b'}]}
    name, data, damage = rng.choice([
        ('d/rows.csv', (','.join(rows[0]) + '\n' + ''.join(','.join(map(str, r.values())) + '\n' for r in rows)).encode(), M.of_text),
        ('d/rows.jsonl', ''.join(json.dumps(r) + '\n' for r in rows).encode(), lambda x, r: b'\n'.join(M.of_json(y, r) for y in x.split(b'\n') if y)),
        ('d/instances.json', json.dumps(coco).encode(), M.of_json),
        ('d/a.xml', ('<annotation><filename>a.png</filename><size><width>23</width><height>17</height><depth>3</depth></size>'
                     f'{box}</annotation>').encode(), M.of_text)])
    names = b'a = class-0\nb = class-1\n'
    if rng.random() < .1:
        names = M.of_text(names, rng)
    else:
        data = damage(data, rng) if rng.random() < .7 else M.of_bytes(data, rng)
    pictures = {f'd/{n}.png': seed('pictures')[x] for n, x in (('a', 'colour.png'), ('b', 'alpha.png'))}
    more = ['--class-map', 'names.map'] if name.endswith(('json', 'xml')) or rng.random() < .1 else []
    return Case(evaluation('d', *more), {'m.onnx': plain(), name: data, 'names.map': names} | pictures, [name, 'names.map'])


@reader
def folders(rng):
    """A data set some of whose pictures and masks are damaged."""
    name, data = pick('pictures', rng)
    files = {'m.onnx': plain(), 'd/0/a.png': seed('pictures')['colour.png'], f'd/1/b-{name}': damaged_picture(name, data, rng),
             'd/masks/a.png': damaged_picture('a.png', seed('pictures')['grey.png'], rng)}
    return Case(evaluation('d') + ['--format', 'folders'] * rng.randrange(2), files, [f'd/1/b-{name}', 'd/masks/a.png'])


@functools.cache
def store(gaze):
    """The results of a run, as the command itself writes them."""
    with tempfile.TemporaryDirectory() as folder:
        data = seed('pictures')['colour.png']
        for name, contents in (('m.onnx', plain()), ('d/a.png', data), ('d/b.png', seed('pictures')['alpha.png'])):
            os.makedirs(os.path.dirname(f'{folder}/{name}'), exist_ok=True)
            with open(f'{folder}/{name}', 'wb') as file:
                file.write(contents)
        subprocess.run([gaze, *evaluation('d')], cwd=folder, capture_output=True, timeout=60)
        with open(f'{folder}/out/results.sqlite', 'rb') as file:
            return file.read()


@reader
def stores(rng):
    data = store(os.environ['GAZE'])
    if rng.random() < .5:
        data = M.of_bytes(data, rng)
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = f'{folder}/results.sqlite'
            with open(path, 'wb') as file:
                file.write(data)
            M.of_store(path, rng)
            with open(path, 'rb') as file:
                data = file.read()
    files = {'m.onnx': plain(), 'd/a.png': seed('pictures')['colour.png'], 'd/b.png': seed('pictures')['alpha.png'], 'out/results.sqlite': data}
    if rng.random() < .2:
        files['out/results.sqlite-wal'] = M.of_bytes(data[:8192], rng)
    return Case(evaluation('d'), files, ['out/results.sqlite'])


@reader
def devices(rng):
    """What is no file where one is read: pipes without a writer, devices without an end, folders, links to nothing."""
    files = around(plain()) | {'labels.txt': b'a\nb\nc\nd\ne\n', 'm.gaze.yaml': b'layer: c\n', 'mask.png': seed('pictures')['grey.png'],
                               'd/rows.csv': b'file,class\na.png,1\n', 'd/a.png': seed('pictures')['colour.png'],
                               'y.npy': seed('maps')['float.npy'], 'z.npz': seed('archives')['one.npz']}
    explain = ['explain', 'm.onnx', 'a.png', '-o', 'out', *PREPARED]
    attribute = ['attribute', 'm.onnx', '--target', '0', '--method', 'gradient', '--output', 'out', '--input']
    name, command = rng.choice([
        ('m.onnx', commands(rng)), ('a.png', commands(rng)), ('x.npy', attribute + ['x.npy']), ('labels.txt', explain + ['--labels', 'labels.txt']),
        ('m.gaze.yaml', ['predict', 'm.onnx', 'a.png']), ('mask.png', explain + ['--mask', 'mask.png']), ('d/rows.csv', evaluation('d')),
        ('d/rows.csv', evaluation('d/rows.csv')), ('d/a.png', evaluation('d')), ('y.npy', ['compare-maps', 'y.npy', 'y.npy', '--metric', 'pearson']),
        ('z.npz', ['predict', 'm.onnx', 'z.npz', *PREPARED]), ('x.npy', explain + ['--input', 'x=x.npy']),
        ('y.npy', attribute[:3] + ['mean(y, y.npy)', *attribute[4:], 'x.npy']), ('y.npy', attribute + ['x.npy', '--method', 'rise:masks=y.npy']),
        ('weights.data', ['predict', 'e.onnx', 'a.png', *PREPARED]), ('out/results.sqlite', evaluation('d')),
        (None, ['predict', 'm.onnx', '-', *PREPARED]), (None, attribute + ['-']), (None, ['compare-maps', '-', 'y.npy', '--metric', 'pearson'])])
    if name == 'weights.data':
        files['e.onnx'] = seed('external')[0]
    special = rng.choice(['fifo', '/dev/zero', '/dev/full', '/dev/null', '/dev/random', 'folder', 'nothing', 'loop', '/proc/self/mem', '/proc/kmsg'])
    if name is None:
        return Case(command, files, stdin=rng.choice(['/dev/zero', '/dev/null', '/dev/urandom', 'x.npy', 'closed', 'silent']))
    files.pop(name, None)
    return Case(command, files, special={name: special})


@functools.cache
def value_options(command):
    """The options of a command that take a value, by its own help."""
    text = subprocess.run([os.environ['GAZE'], command, '--help'], capture_output=True, text=True).stdout
    return sorted(set(re.findall(r'^  (?:-\w, )?(--[\w-]+) <', text, re.M))) or ['--metric']


PIECES = '''0 1 -1 3 16 16x16 squash crop letterbox squash:16x16 crop:16x16,short=18 fill=#727272 short= : , = x e 1e9 1e300 -1e300 nan inf 1e-320
99999999999 9223372036854775807 9223372036854775808 rgb bgr grey nchw bilinear top3 top top99999999999 class-1 y y[3] #0[1] mean( sum( ) prob(1)
logit(0) 0.5* - + [1,2] x.npy y.npy a.png gradcam gradient occlusion:window= rise:samples= grid= integrated-gradients:steps= smoothgrad:samples=
sigma= seed= p= lrp:rule= eps= stride= ssim: pearson hog:cell= emd:grid= iou:fraction= average-drop deletion:steps= 512MiB 1GiB GiB 99999999GiB
1s 500ms 3min h 1e30s 1x3x16x16 x=1x3x16x16 x=0 x=-1 png npz json auto structural c v all own kaiming truncated-normal:deviation= 0,0,5,5'''.split()


@reader
def options(rng):
    """Values of options: numbers without measure, half words, other options' values."""
    command = rng.choice([commands(rng), evaluation('d'), ['compare-maps', 'y.npy', 'y.npy', '--metric', 'ssim'], ['methods', 'rise'], ['metrics']])
    for _ in range(rng.choice([1, 1, 2])):
        option = rng.choice(value_options(command[0]))
        value = ''.join(rng.choice(PIECES if rng.random() < .9 else M.TEXTS) for _ in range(rng.choice([1, 1, 2, 3]))).replace('\0', '')
        # An option that stands there already is given another value.
        if option in command and rng.random() < .8:
            command = [*command[:command.index(option)], *command[command.index(option) + 2:]]
        command = command + ([f'{option}={value}'] if rng.random() < .5 else [option, value])
    files = around(plain()) | {'y.npy': seed('maps')['float.npy'], 'd/a.png': seed('pictures')['colour.png']}
    return Case([x.encode('utf8', 'surrogatepass').decode('utf8', 'replace') for x in command], files)


def lay_out(case, folder):
    """Writes a case's files, links and pipes."""
    os.makedirs(f'{folder}/out', exist_ok=True)
    for name, data in case.files.items():
        os.makedirs(os.path.dirname(f'{folder}/{name}') or folder, exist_ok=True)
        with open(f'{folder}/{name}', 'wb') as file:
            file.write(data)
    for name, kind in case.special.items():
        path = f'{folder}/{name}'
        if os.path.lexists(path):
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        os.makedirs(os.path.dirname(path) or folder, exist_ok=True)
        if kind == 'fifo':
            os.mkfifo(path)
        elif kind == 'folder':
            os.mkdir(path)
        else:
            os.symlink({'nothing': 'no/such/file', 'loop': os.path.basename(path)}.get(kind, kind), path)
