"""`nbdev_test`, with a record of the cells it ran: python .ci/recorded.py FOLDER [arguments of nbdev_test]

The same command, the same shells, the same exit code. Beside it each notebook leaves one JSON file in FOLDER with
the cells that ended without an error, a digest of their text and their seconds, so that the cells can be counted
afterwards without being run a second time. The slowest ones are listed at the end.
"""
import hashlib, json, sys, time
from pathlib import Path

def digest(text): return hashlib.sha256(text.encode()).hexdigest()[:16]
def place(folder, path): return Path(folder)/f'{digest(str(Path(path).resolve()))}.json'

def record(folder):
    "Let every shell of this process and its workers write down what it ran"
    from execnb.shell import CaptureShell
    folder.mkdir(parents=True, exist_ok=True)
    run_cell, run_all = CaptureShell.cell, CaptureShell.run_all
    def cell(self, cell, *args, **kw):
        t = time.time()
        run_cell(self, cell, *args, **kw)
        if cell.cell_type=='code' and not self.exc: self.recorded[str(cell.idx_)] = [digest(cell.source), time.time()-t]
    def run(self, nb, *args, **kw):
        self.recorded, path, start = {}, Path(nb.path_).resolve(), time.time()
        try: return run_all(self, nb, *args, **kw)
        finally: place(folder, path).write_text(json.dumps(dict(path=str(path), failed=bool(self.exc), start=start, seconds=time.time()-start, cells=self.recorded)))
    CaptureShell.cell, CaptureShell.run_all = cell, run

def slowest(folder, n=10):
    "The longest notebooks and cells, in words"
    all_ = [json.loads(f.read_text()) for f in folder.glob('*.json')]
    name = lambda r: '/'.join(Path(r['path']).parts[-2:])
    by = lambda rows: ', '.join(f'{k} {s:.0f} s' for s,k in sorted(rows, reverse=True)[:n])
    return f"longest notebooks: {by([(r['seconds'], name(r)) for r in all_])}\nlongest cells: {by([(s, name(r)+' '+i) for r in all_ for i,(_,s) in r['cells'].items()])}"

if __name__=='__main__':
    folder = Path(sys.argv.pop(1)).resolve()
    record(folder)
    from nbdev.test import nbdev_test
    code = 0
    try: nbdev_test()
    except SystemExit as e: code = e.code
    print(slowest(folder))
    sys.exit(code)
