"""A fuzzer of the command line: damaged files and odd options for every reader, and how `gaze` takes them.

    Scripts/fuzz [--minutes 10] [--seed 0] [--jobs 1] [--output fuzz-findings] [READER…]
    Scripts/fuzz --again FOLDER        runs a finding again

A run is a fault when it dies of a signal, takes over a gibibyte or a minute, leaves files behind, ends with another code than 0, 1, 2, 3, 64
or 130, or shows words that are not for people. The cases follow from the seed alone, whatever the time.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import re
import sys
import time

import readers
from runner import LIMIT, Runner


def key(reader, kind, seen):
    """Findings of one symptom are one finding."""
    words = re.sub(r"'[^']*'|\"[^\"]*\"|0x[0-9a-f]+|[\d.]+|\S*/\S+", '#', seen)
    return reader, kind, words[:80] if kind in ('crash', 'foreign words') else ''


def reduce(runner, case, kind, seconds=20):
    """A case with less in its damaged files and the same fault."""
    end = time.monotonic() + seconds
    for name in case.damaged:
        size = len(case.files[name]) // 2
        while size:
            at = 0
            while at < len(case.files[name]) and time.monotonic() < end:
                whole = case.files[name]
                case.files[name] = whole[:at] + whole[at + size:]
                if kind not in runner.run(case).faults:
                    case.files[name] = whole
                    at += size
            size //= 2 if size < 64 else 4


def keep(folder, runner, case, reader, seed, number, kind, result):
    """Writes a finding with all that is needed to run it again."""
    place = pathlib.Path(folder) / f'{kind.replace(" ", "-")}-{reader}-{seed}-{number}'
    for name, data in case.files.items():
        (place / 'files' / name).parent.mkdir(parents=True, exist_ok=True)
        (place / 'files' / name).write_bytes(data)
    record = {'kind': kind, 'seen': result.faults[kind], 'code': result.code, 'seconds': round(result.seconds, 2), 'mebibytes': round(result.peak),
              'reader': reader, 'seed': seed, 'number': number, 'arguments': runner.arguments(case), 'stdin': case.stdin, 'special': case.special,
              'damaged': case.damaged, 'error': result.stderr[:3000], 'again': f'Scripts/fuzz --again {place}'}
    (place / 'finding.json').write_text(json.dumps(record, indent=1, ensure_ascii=False))
    return place


def again(runner, place):
    record = json.loads((pathlib.Path(place) / 'finding.json').read_text())
    base = pathlib.Path(place) / 'files'
    files = {str(x.relative_to(base)): x.read_bytes() for x in sorted(base.rglob('*')) if x.is_file()}
    result = runner.run(readers.Case(record['arguments'], files, stdin=record['stdin'], special=record['special']))
    print(f'{result.code}, {result.seconds:.1f} s, {result.peak:.0f} MiB\n{result.stderr}', end='')
    for kind, seen in result.faults.items():
        print(f'{kind}: {seen}')
    return bool(result.faults)


def table(totals):
    rows = [('reader', 'runs', 'exit codes', 'faults', 'peak MiB', 'longest s')]
    for name, total in totals.items():
        codes = ' '.join(f'{k}:{v}' for k, v in sorted(total['codes'].items(), key=lambda x: str(x[0])))
        faults = ', '.join(f'{k} {v}' for k, v in total['faults'].items()) or '-'
        rows.append((name, str(total['runs']), codes, faults, f"{total['peak']:.0f}", f"{total['longest']:.1f}"))
    widths = [max(len(row[k]) for row in rows) for k in range(6)]
    return '\n'.join('  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('readers', nargs='*', metavar='READER', help=', '.join(readers.READERS))
    parser.add_argument('--gaze', default=os.environ.get('GAZE', '.build/release/gaze'))
    parser.add_argument('--minutes', type=float, default=10)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--jobs', type=int, default=1)
    parser.add_argument('--output', default='fuzz-findings')
    parser.add_argument('--log', help='a file that the totals are added to, as a line of JSON')
    parser.add_argument('--again', metavar='FOLDER', help='run a finding again')
    options = parser.parse_args()
    os.environ['GAZE'] = os.path.abspath(options.gaze)
    runner = Runner(options.gaze)
    if options.again:
        return again(runner, options.again)
    unknown = set(options.readers) - set(readers.READERS)
    if unknown:
        parser.error(f'there is no reader {", ".join(sorted(unknown))}; there are {", ".join(readers.READERS)}')
    names = options.readers or list(readers.READERS)
    totals = {n: {'runs': 0, 'codes': collections.Counter(), 'faults': collections.Counter(), 'peak': 0, 'longest': 0, 'seconds': 0} for n in names}
    start, known = time.monotonic(), set()
    end = start + options.minutes * 60

    def one(number):
        name = names[number % len(names)]
        case = readers.READERS[name](random.Random(f'{options.seed}/{name}/{number // len(names)}'))
        return name, number // len(names), case, runner.run(case)

    def take(name, number, case, result):
        total = totals[name]
        total['runs'] += 1
        total['codes'][result.code] += 1
        total['seconds'] += result.seconds
        total['peak'], total['longest'] = max(total['peak'], result.peak), max(total['longest'], result.seconds)
        for kind, seen in result.faults.items():
            total['faults'][kind] += 1
            if key(name, kind, seen) in known:
                continue
            known.add(key(name, kind, seen))
            if result.seconds < LIMIT / 12:
                reduce(runner, case, kind)
            print(f'{name} {options.seed}/{number}: {kind}: {seen}\n  {keep(options.output, runner, case, name, options.seed, number, kind, result)}',
                  flush=True)

    try:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            number = 0
            while time.monotonic() < end:
                batch = [pool.submit(one, number + k) for k in range(options.jobs)]
                number += options.jobs
                for future in batch:
                    take(*future.result())
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
    print(table(totals))
    if options.log:
        with open(options.log, 'a') as file:
            file.write(json.dumps({'seed': options.seed, 'minutes': round((time.monotonic() - start) / 60, 2), 'readers': totals}) + '\n')
    return any(total['faults'] for total in totals.values())


if __name__ == '__main__':
    sys.exit(main())
