"""Runs one case in a folder of its own, and says what is wrong with how it went."""
import dataclasses
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import zipfile

import readers

ADDRESS_SPACE = 8 << 30
PEAK_MIB, SLOW, LIMIT = 1024, 10, 60
EXIT_CODES = {0, 1, 2, 3, 64, 130}
# Words of libraries and runtimes that are no sentence of ours.
FOREIGN = ['onnxruntime_src', 'NSCocoaErrorDomain', 'CodingKeys', 'DecodingError', 'Fatal error', 'NSPOSIXErrorDomain', 'Swift/', 'The operation couldn']
RESULTS = ('.png', '.npz', '.json', '.jsonl', '.csv', '.md', '.sqlite', '.onnx', '.npy', '.yaml', '.data')
CONTROL = re.compile(r'[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069]')


@dataclasses.dataclass
class Result:
    """How a run ended, and its faults: kind -> what was seen."""
    code: object
    seconds: float
    peak: float
    faults: dict
    stderr: str


class Runner:
    def __init__(self, gaze):
        self.gaze = os.path.abspath(gaze)
        self.bounded = {name for name in ('explain', 'predict', 'inspect', 'attribute', 'check', 'evaluate', 'compile', 'verify', 'compare-maps')
                        if '--memory' in subprocess.run([self.gaze, name, '--help'], capture_output=True, text=True).stdout}

    def arguments(self, case):
        if case.arguments[0] in self.bounded and not any(x.startswith('--memory') for x in case.arguments):
            return case.arguments + ['--memory', '512MiB']
        return case.arguments

    def run(self, case, limit=LIMIT):
        folder = tempfile.mkdtemp(prefix='gaze-fuzz-')
        try:
            readers.lay_out(case, folder)
            temporary = tempfile.mkdtemp(prefix='gaze-fuzz-temporary-')
            try:
                return self.watch(case, folder, temporary, limit)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def watch(self, case, folder, temporary, limit):
        before = {name: data for name, data in case.files.items() if not name.startswith('out/')}
        out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        stdin = self.standard_input(case, folder)
        start = time.monotonic()
        try:
            process = subprocess.Popen([self.gaze, *self.arguments(case)], cwd=folder, stdin=stdin, stdout=out, stderr=err,
                                       preexec_fn=self.limits(case), env=dict(os.environ, SWIFT_BACKTRACE='enable=no', TMPDIR=temporary))
        except OSError as error:  # a command line that the system refuses
            return Result('unstarted', 0, 0, {}, str(error))
        finally:
            if stdin is not None:
                os.close(stdin)
        pid, pause = 0, .002
        while not pid:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if not pid and time.monotonic() - start > limit:
                process.kill()
                pid, status, usage = os.wait4(process.pid, 0)
                status = 'late'
            elif not pid:
                time.sleep(pause)
                pause = min(pause * 1.3, .1)
        process.returncode = 0
        seconds = time.monotonic() - start
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read(1 << 22).decode('utf8', 'backslashreplace'))
            stream.close()
        code = 'late' if status == 'late' else f'signal {os.WTERMSIG(status)}' if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        result = Result(code, seconds, usage.ru_maxrss / 1024, {}, texts[1])
        self.judge(result, case, texts, folder, temporary, before)
        return result

    def standard_input(self, case, folder):
        if case.stdin == 'closed':
            return None
        if case.stdin == 'silent':  # ends at once, without a byte
            reading, writing = os.pipe()
            os.close(writing)
            return reading
        path = case.stdin or '/dev/null'
        return os.open(path if path.startswith('/') else f'{folder}/{path}', os.O_RDONLY)

    def limits(self, case):
        def apply():
            resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if case.stdin == 'closed':
                os.close(0)
        return apply

    def judge(self, result, case, texts, folder, temporary, before):
        faults, code = result.faults, result.code
        stdout, stderr = texts
        if code == 'late':
            faults['hang'] = f'over {LIMIT} s'
        elif isinstance(code, str):
            first = next((x for x in stderr.split('\n') if 'rror' in x or 'ssert' in x), stderr[-300:])
            faults['crash'] = f'{code}: {first[:300]}'
        elif code not in EXIT_CODES:
            faults['exit code'] = str(code)
        elif result.seconds > SLOW:
            faults['slow'] = f'{result.seconds:.0f} s'
        if result.peak > PEAK_MIB:
            faults['memory'] = f'{result.peak:.0f} MiB'
        # A record of the command's own failure is a table on standard output: verdicts, checks, items.
        if isinstance(code, int) and code not in (0, 3) and not stderr.strip() and not (code == 1 and stdout.strip()):
            faults['no sentence'] = f'exit {code}'
        for name, text in (('standard output', stdout), ('standard error', stderr)):
            found = CONTROL.search(text)
            if found:
                at = found.start()
                faults['control character'] = f'{name}: {text[max(at - 40, 0):at + 20]!r}'
            if name == 'standard error' and any(len(line) > 2000 for line in text.split('\n')):
                faults['long line'] = f'{name}: {max(map(len, text.split(chr(10))))} characters'
        if isinstance(code, int):
            for word in FOREIGN:
                if word in stderr:
                    line = next(x for x in stderr.split('\n') if word in x)
                    faults.setdefault('foreign words', f'{word}: {line[:300]}')
            self.judge_files(result, folder, temporary, before, case)

    def judge_files(self, result, folder, temporary, before, case):
        faults = result.faults
        # The engine keeps an identifier of its sessions in a file of this name.
        left = [name for _, _, names in os.walk(temporary) for name in names if name != '.ses']
        for root, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(root, name)
                relative = os.path.relpath(path, folder)
                # What the command line names (--store x) is no leftover.
                named = any(argument.endswith(name) for argument in case.arguments)
                if relative in case.special or relative in case.files or named:
                    continue
                if not name.endswith(RESULTS) or 'partial' in name or name.startswith('.'):
                    left.append(relative)
                elif not whole(path):
                    faults['half a file'] = relative
        if left:
            faults['left over'] = ', '.join(sorted(left)[:3])
        for name, data in before.items():
            try:
                with open(f'{folder}/{name}', 'rb') as file:
                    changed = file.read() != data if name not in case.special else False
            except OSError:
                changed = name not in case.special
            if changed and '--save-preprocessing' not in case.arguments:
                faults['input changed'] = name


def whole(path):
    """Whether a result can be read to its end."""
    with open(path, 'rb') as file:
        data = file.read(1 << 24)
    try:
        if path.endswith('.png'):
            return data.endswith(b'IEND\xaeB`\x82')
        if path.endswith('.json'):
            return json.loads(data) is not None
        if path.endswith('.npz'):
            return zipfile.ZipFile(path).testzip() is None
        return bool(data) or path.endswith(('.jsonl', '.csv', '.md', '.yaml'))
    except (ValueError, OSError, zipfile.BadZipFile):
        return False
