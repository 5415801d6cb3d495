"""One notebook, one module: no module without its notebook, no two notebooks with one module, no arrow upward.

A module whose notebook was renamed stays behind silently, and two notebooks with one `default_exp` overwrite
each other; nbdev says nothing about either. The floors are those of the design: a room imports only from below.
"""
import ast, json, re, sys
from pathlib import Path

FLOORS = dict(files=0, processes=1, circuits=1, plots=2, layers=2, models=3, training=4, analysis=5, states=5, molecules=5, studies=6, dashboards=7, commands=8, cli=9)

def exports(nbs):
    "{module path below the package: notebook} from every `default_exp`; says which notebooks share one"
    found, twice = {}, []
    for p in sorted(nbs.rglob('*.ipynb')):
        if '.ipynb_checkpoints' in p.parts: continue
        for c in json.loads(p.read_text())['cells']:
            if c['cell_type']=='code' and (m := re.search(r'^#\|\s*default_exp\s+(\S+)', ''.join(c['source']), re.M)):
                if m[1] in found: twice.append(f'{p} and {found[m[1]]} both export {m[1]}')
                found[m[1]] = p
    return found, twice

def mixed(nbs):
    "Cells that import and do something else besides: the docs run every cell with an import, but not the cells before it"
    bad, plain = [], (ast.Import, ast.ImportFrom)
    for p in sorted(nbs.rglob('*.ipynb')):
        if '.ipynb_checkpoints' in p.parts: continue
        for c in json.loads(p.read_text())['cells']:
            s = ''.join(c['source'])
            if c['cell_type']!='code' or re.search(r'^#\|\s*export', s, re.M) or 'nbdev_export()' in s: continue
            body = ast.parse('\n'.join(l for l in s.splitlines() if not l.startswith(('%','!')))).body
            has = any(isinstance(n, plain) for b in body for n in ast.walk(b))
            if has and not all(isinstance(b, (*plain, ast.Try)) for b in body):
                bad.append(f"{p}, cell {c['id']} holds imports and other code: put the imports into a cell of their own")
    return bad

def widgets(nbs):
    "Notebooks with stored widgets: megabytes that show nothing without a kernel"
    bad = []
    for p in sorted(nbs.rglob('*.ipynb')):
        if '.ipynb_checkpoints' in p.parts: continue
        nb = json.loads(p.read_text())
        if nb['metadata'].get('widgets') or any('widget-view' in k for c in nb['cells'] for o in c.get('outputs', []) for k in o.get('data', {})):
            bad.append(f'{p} holds a stored widget: clear its outputs')
    return bad

def upward(lib):
    "Imports from a room on the same floor or above, as sentences"
    bad = []
    for f in sorted(lib.rglob('*.py')):
        here = f.relative_to(lib).parts[0].removesuffix('.py')
        for n in ast.walk(ast.parse(f.read_text())):
            if not isinstance(n, ast.ImportFrom): continue
            mod = n.module or ''
            if n.level:                                   # relative to the package the file is in
                base = f.relative_to(lib.parent).parts[:-n.level]
                mod = '.'.join([*base, *([mod] if mod else [])])
            parts = mod.split('.')
            if parts[0]!=lib.name or len(parts)<2: continue
            there = parts[1]
            if there!=here and here in FLOORS and there in FLOORS and FLOORS[there]>=FLOORS[here]:
                bad.append(f'{f}:{n.lineno} imports {mod}: {here} is on floor {FLOORS[here]}, {there} on floor {FLOORS[there]}')
    return bad

if __name__=='__main__':
    found, bad = exports(Path('nbs'))
    have = {'.'.join(f.relative_to('qnb').with_suffix('').parts): f for f in Path('qnb').rglob('*.py')}
    for m,f in have.items():
        if m in found or f.name=='_modidx.py': continue
        if f.name=='__init__.py' and len([l for l in f.read_text().splitlines() if l.strip() and not l.startswith('__version__')])==0: continue
        bad.append(f'{f} comes from no notebook: delete it, or write the notebook')
    bad += upward(Path('qnb')) + mixed(Path('nbs')) + widgets(Path('nbs'))
    for b in bad: print(b, file=sys.stderr)
    print(f'{len(found)} modules, each from one notebook; {len(bad)} complaints')
    sys.exit(bool(bad))
