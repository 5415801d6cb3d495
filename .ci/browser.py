"""Drive every dashboard in real JupyterLab, as a person would: run all, drag, press arrows, draw a lasso.

    python .ci/browser.py [FOLDER] [NAME ...]     (FOLDER for screenshots and timings.json, default _browser)

Needs Chromium (Debian's package is enough) and the `dev` extra. It is not part of `.ci/run`: it takes some minutes.
Nothing is compared by pixels: each check reads the data of the live figure.
"""
import json, os, secrets, shutil, socket, statistics, subprocess, sys, tempfile, time
from pathlib import Path
import nbformat
from playwright.sync_api import sync_playwright, TimeoutError as Late
from qnb.dashboards.lab import lab_command, write_notebooks

ARGS = '--headless --no-sandbox --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --enable-unsafe-swiftshader'.split()

class Lab:
    "JupyterLab on a folder, and a browser that looks at it"
    def __init__(self, folder, out):
        self.folder, self.out = Path(folder), Path(out)
        with socket.socket() as s: s.bind(('127.0.0.1', 0)); self.port = s.getsockname()[1]
        self.token = secrets.token_hex(8)
        settings = self.folder/'settings'/'@jupyterlab'/'notebook-extension'
        settings.mkdir(parents=True)
        (settings/'tracker.jupyterlab-settings').write_text('{"windowingMode": "none"}')       # every output stays in the page
        news = self.folder/'settings'/'@jupyterlab'/'apputils-extension'
        news.mkdir(parents=True)
        (news/'notification.jupyterlab-settings').write_text('{"fetchNews": "false"}')
        env = {**os.environ, 'JUPYTERLAB_SETTINGS_DIR': str(self.folder/'settings'), 'OMP_NUM_THREADS': '1'}
        words = lab_command(self.folder, browser=False, port=self.port)+[f'--IdentityProvider.token={self.token}', '--allow-root', '--ip=127.0.0.1', '--LabApp.expose_app_in_browser=True']
        self.process = subprocess.Popen(words, stdout=open(self.out/'lab.log', 'w'), stderr=subprocess.STDOUT, env=env)
        for _ in range(240):
            try: socket.create_connection(('127.0.0.1', self.port), 1).close(); break
            except OSError: time.sleep(.25)
    def __enter__(self): return self
    def __exit__(self, *_):
        self.process.terminate()
        try: self.process.wait(10)
        except subprocess.TimeoutExpired: self.process.kill()

class Page:
    "One notebook, open and run"
    def __init__(self, lab, browser, notebook):
        self.pg, self.lab, self.notes = browser.new_page(viewport=dict(width=1500, height=1100)), lab, []
        self.complaints, Page.last = [], self
        self.pg.on('console', lambda m: self.complaints.append(m.text) if m.type=='error' or 'WebGL context' in m.text else None)
        self.pg.on('pageerror', lambda e: self.complaints.append(str(e)))
        self.pg.goto(f'http://127.0.0.1:{lab.port}/lab/tree/{notebook}?token={lab.token}&reset')
        self.pg.wait_for_selector('.jp-Notebook .jp-Cell', timeout=90_000)
        self.pg.wait_for_function("typeof jupyterapp!='undefined' && jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel", timeout=90_000)
        self.pg.evaluate("(async()=>{const c=jupyterapp.shell.currentWidget.sessionContext; await c.ready; await c.session.kernel.info; await c.session.kernel.requestKernelInfo()})()")
        t = time.time()
        self.pg.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        self.pg.wait_for_function("""(()=>{const cs=[...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputArea-prompt')].map(p=>p.textContent);
            return cs.length && cs.every(t=>/\\[\\d+\\]/.test(t))})()""", timeout=180_000)
        self.seconds = time.time()-t
        broken = self.pg.locator('.jp-OutputArea [data-mime-type="application/vnd.jupyter.stderr"], .jp-OutputArea-output:has-text("Traceback")')
        assert broken.count()==0 or 'Traceback' not in broken.first.inner_text(), broken.first.inner_text()[:2000]
        self.pg.wait_for_function("document.querySelectorAll('.js-plotly-plot').length>0", timeout=60_000)
        self.settle(1500)

    def settle(self, ms=700): self.pg.wait_for_timeout(ms)
    def shot(self, name): self.pg.screenshot(path=self.lab.out/f'{name}.png', timeout=120_000)
    def figure(self, k): return f"[...document.querySelectorAll('.js-plotly-plot')].filter(g=>g.offsetParent)[{k}]"
    def data(self, k, trace=0, keys=('x','y')):
        "A fingerprint of a trace of the k-th visible figure: lengths and sums, which no two settings share by accident"
        js = f"""(()=>{{const t={self.figure(k)}?._fullData?.[{trace}]; if(!t) return null; const get=p=>p.split('.').reduce((o,q)=>o?.[q],t);
            const flat=v=>v==null?[]:(typeof v=='string'||typeof v=='number')?[v]:Array.from(v);
            return {json.dumps(list(keys))}.map(p=>{{const v=flat(get(p)); let s=0; v.forEach((e,i)=>{{const n=typeof e=='number'?e:typeof e=='string'?[...e].reduce((a,c)=>(a*31+c.charCodeAt(0))%65521,7):(e?1:0); s+=isFinite(n)?n*(1+(i%97)):0}}); return [v.length, s]}})}})()"""
        return self.pg.evaluate(js)
    def labelled(self, name):
        "The widget with a label, or the n-th slider on the page"
        if isinstance(name, int): return self.pg.locator('.widget-inline-hbox:visible').filter(has=self.pg.locator('.noUi-handle')).nth(name)
        return self.pg.locator(f'.widget-inline-hbox:visible').filter(has=self.pg.locator(f'.widget-label:text-is("{name}")')).first
    def changes(self, look, before, ms=20_000):
        "Seconds until `look()` no longer gives `before`"
        t = time.time()
        while time.time()-t<ms/1e3:
            if look()!=before: return time.time()-t
            self.pg.wait_for_timeout(8)
        raise AssertionError(f'nothing changed in {ms/1e3:.0f} s')
    def drag(self, name, look, dx=40):
        "Drag a slider by some pixels; the figure must follow"
        h = self.labelled(name).locator('.noUi-handle'); h.scroll_into_view_if_needed(); self.settle(300)
        before, b = look(), h.bounding_box(); x, y = b['x']+b['width']/2, b['y']+b['height']/2
        self.pg.mouse.move(x, y); self.pg.mouse.down(); self.pg.mouse.move(x+dx, y, steps=4); self.pg.mouse.up()
        return self.changes(look, before)
    def arrows(self, name, look, n=8, key='ArrowRight', figure=0, rest=1500):
        "Press an arrow on a slider; seconds of each step until the figure has been drawn anew, with new data. Between the steps the page comes to rest"
        h = self.labelled(name).locator('.noUi-handle'); h.focus(); times = []
        self.pg.evaluate(f"(()=>{{const g={self.figure(figure)}; if(g && !('drawn' in g)) {{g.drawn=0; g.on('plotly_afterplot', ()=>g.drawn++)}}}})()")
        drawn = lambda: self.pg.evaluate(f"{self.figure(figure)}?.drawn")
        for _ in range(n):
            self.settle(rest)
            before, count, t = look(), drawn(), time.time()
            h.press(key); self.changes(drawn, count); took = time.time()-t
            if look()==before: self.changes(look, before); took = time.time()-t
            times.append(took)
        return times
    def choose(self, name, option, look):
        "Choose from a menu"
        before = look(); self.labelled(name).locator('select').select_option(label=option)
        return self.changes(look, before)
    def press(self, text, look=None):
        before = look() if look else None
        b = self.pg.locator(f'button.widget-button:visible:text-is("{text}"), button.widget-toggle-button:visible:text-is("{text}")').first; b.scroll_into_view_if_needed(); b.click()
        return self.changes(look, before) if look else self.settle()
    def lasso(self, k, look, r=60, sub=0):
        "Draw a lasso around the middle of the k-th visible figure"
        before = look()
        for _ in range(3):
            d = self.pg.locator('.js-plotly-plot:visible').nth(k).locator('.nsewdrag').nth(sub); d.scroll_into_view_if_needed(); self.settle(400)
            b = d.bounding_box(); x, y = b['x']+b['width']/2, b['y']+b['height']/2
            self.pg.mouse.move(x-r, y-r); self.pg.mouse.down()
            for dx,dy in ((r,-r),(r,r),(-r,r),(-r,-r)): self.pg.mouse.move(x+dx, y+dy, steps=6); self.pg.wait_for_timeout(60)
            self.pg.mouse.up()
            try: return self.changes(look, before, 8000)
            except AssertionError: continue
        raise AssertionError('three lassos selected nothing')
    def status(self): return self.pg.locator('.qnb-status:visible').all_inner_texts()
    def close(self):
        lost = [c for c in self.complaints if 'Too many active WebGL' in c]
        assert not lost, lost[0]
        self.pg.close()

def notebook(path, *cells):
    nb = nbformat.v4.new_notebook(metadata=dict(kernelspec=dict(display_name='python3', language='python', name='python3')))
    nb.cells = [nbformat.v4.new_code_cell(c) for c in cells]
    nbformat.write(nb, path)

def read_ready(p):
    "Wait until every figure has data and no bar is on the page: background work has ended"
    p.pg.wait_for_function("[...document.querySelectorAll('.js-plotly-plot')].filter(g=>g.offsetParent).every(g=>g._fullData?.length)", timeout=120_000)
    p.pg.wait_for_function("[...document.querySelectorAll('.widget-hprogress')].filter(e=>e.offsetParent && !e.querySelector('[class*=success], [class*=danger]') && !/success/.test(e.className)).length==0", timeout=120_000)
    p.settle(500)

TRAIN = """import torch; torch.set_num_threads(1)
from qnb.training.trainer import train
run = train('mess3', 'rnn', context=9, out='runs', seed=0, rounds=1, hold=60, decay=40, progress=False)"""

def explorer(lab, browser):
    notebook(lab.folder/'explorer.ipynb', "from qnb.dashboards.explorer import ProcessExplorer", "e = ProcessExplorer('mess3', depth=9)\ne")
    p = Page(lab, browser, 'explorer.ipynb')
    look, walk = (lambda: p.data(0, 1)), (lambda: p.data(0, 2))
    read_ready(p); p.shot('explorer_1')
    took = dict(run_all=p.seconds, points=look()[0][0], drag=p.drag('x', look))
    read_ready(p)
    took['steps'] = p.arrows('x', look)
    p.arrows('depth', look, 1); read_ready(p)
    took.update(large_points=look()[0][0], large_steps=p.arrows('x', look, 4))
    p.arrows('depth', look, 1, 'ArrowLeft'); read_ready(p)
    p.press('0', walk); p.press('1', walk); p.press('undo', walk); p.shot('explorer_2')
    p.choose('process', 'bloch_walk', look); p.choose('view', 'principal axes', look)
    read_ready(p); p.shot('explorer_3')
    p.close()
    return took

def film(lab, browser):
    notebook(lab.folder/'film.ipynb', TRAIN.replace("'mess3'", "'bloch_walk'").replace('context=9', 'context=7'), "from qnb.dashboards.film import TrainingFilm", "f = TrainingFilm(run)\nf")
    p = Page(lab, browser, 'film.ipynb')
    look, cursor = (lambda: p.data(0, 1)), (lambda: p.pg.evaluate(f"{p.figure(1)}.layout.shapes[0].x0"))
    read_ready(p); p.shot('film_1')
    took = dict(run_all=p.seconds, points=look()[0][0], drag=p.drag('step', look, -60), steps=p.arrows('step', look, 5, 'ArrowLeft'))
    at = cursor(); p.arrows('step', look, 1, 'ArrowRight'); assert cursor()!=at
    p.choose('projection', 'principal axes', look); read_ready(p); p.shot('film_2')
    p.choose('projection', 'two neurons', look); read_ready(p)
    p.choose('projection', 'regression, held out', look); read_ready(p)
    third = lambda: p.data(0, 2)
    p.choose('control', p.labelled('control').locator('option').nth(1).inner_text(), third); read_ready(p); p.shot('film_3')
    p.close()
    return took

def layers(lab, browser):
    notebook(lab.folder/'layers.ipynb', TRAIN, "from qnb.dashboards.layers import LayerExplorer", "e = LayerExplorer(run)\ne")
    p = Page(lab, browser, 'layers.ipynb')
    read_ready(p); p.shot('layers_1')
    picked = [lambda k=k: p.data(k//2, k%2, ('selectedpoints',)) for k in range(4)]
    before = [f() for f in picked]
    took = dict(run_all=p.seconds, points=p.data(0, 0)[0][0], lasso=p.lasso(0, picked[3]))
    p.settle(2500); p.shot('layers_2')
    after = [f() for f in picked]
    assert all(a!=b for a,b in zip(before, after)) and len({str(a) for a in after})==1, (before, after)      # the same prefixes in all four
    took['picked'] = after[0][0][0]
    p.lasso(1, picked[0], 40, 1); p.settle(2500); p.shot('layers_3')                                        # another, in the fourth picture
    again = [f() for f in picked]
    assert len({str(a) for a in again})==1 and again[0]!=after[0], again
    p.press('clear', picked[2])
    p.close()
    return took

def draw(lab, browser):
    notebook(lab.folder/'draw.ipynb', "from qnb.dashboards.draw import DrawProcess", "d = DrawProcess()\nd")
    p = Page(lab, browser, 'draw.ipynb')
    look, light, line = (lambda: p.data(0, 1)), (lambda: p.pg.locator('.widget-html:visible:has-text("●")').first.inner_text()), (lambda: p.pg.locator('textarea:visible').last.input_value())
    read_ready(p); p.shot('draw_1'); assert 'a process' in light() and line().startswith('from qnb'), light()
    took = dict(run_all=p.seconds, points=look()[0][0], drag=p.drag(6, look, -25), steps=p.arrows(6, look))      # depth is the first slider, then five for each token
    p.choose('example', 'Bloch walk', look); p.choose('tokens', '3', line); read_ready(p); p.shot('draw_2')
    p.press('HMM', line); read_ready(p)
    assert 'from_hmm' in line(); p.shot('draw_3')
    labels = lambda: p.pg.evaluate(f"{p.figure(1)}._fullData.at(-2).text.join(' ')")
    cell = p.pg.locator('.widget-text input[type=number]:visible').first
    before, good = labels(), look()
    cell.fill('0.9'); cell.press('Enter'); p.changes(labels, before)
    assert 'a process' not in light() and labels()!=before and line()=='', light()                 # it says why, and what cannot be used cannot be taken along
    p.press('normalise', look); assert 'a process' in light() and look()!=good; p.shot('draw_4')
    for name,value in (('context','4'),('steps','20'),('decay','10')):
        box = p.labelled(name).locator('input'); box.fill(value); box.press('Enter')
    b = p.pg.locator('button.widget-button:visible:text-is("send to training")'); b.scroll_into_view_if_needed(); b.click()
    p.pg.wait_for_selector('.qnb-result', timeout=120_000)
    took['training'] = p.pg.locator('.qnb-result').inner_text(); assert 'excess ratio' in took['training']
    p.shot('draw_5'); p.close()
    return took

def board(lab, browser):
    notebook(lab.folder/'board.ipynb', TRAIN, TRAIN.replace("'rnn'", "'gru'").replace('seed=0', 'seed=1'), "from qnb.dashboards.board import Board", "b = Board('runs')\nb")
    p = Page(lab, browser, 'board.ipynb')
    table, dots = p.pg.locator('.qnb-board select'), lambda: p.data(0, 0)
    rows = lambda: table.locator('option').all_inner_texts()
    p.settle(); assert len(rows())>=2, rows()
    took = dict(run_all=p.seconds, rows=len(rows()))
    if p.pg.locator('button.widget-button:visible:text-is("score")').is_enabled(): p.press('score', dots)
    p.pg.wait_for_function("[...document.querySelectorAll('.widget-hprogress')].filter(e=>e.offsetParent).length==0", timeout=180_000); p.settle(1500); p.shot('board_1')
    before = rows(); p.press('largest first', rows); assert rows()==before[::-1]
    p.labelled('sort by').locator('select').select_option(label='R2')
    p.settle(800)
    point = p.pg.locator('.js-plotly-plot:visible').nth(0).locator('.scatterlayer .trace .points path').first
    point.scroll_into_view_if_needed(); b = point.bounding_box()
    t = time.time(); p.pg.mouse.move(b['x']+b['width']/2, b['y']+b['height']/2); p.settle(300); p.pg.mouse.down(); p.pg.mouse.up()
    p.pg.wait_for_function("[...document.querySelectorAll('.js-plotly-plot')].filter(g=>g.offsetParent).length>=2", timeout=60_000)
    took['film_after_click'] = time.time()-t
    read_ready(p); p.shot('board_2'); assert p.data(1, 1)[0][0]>1000
    other = next(k for k in range(2) if not table.locator('option').nth(k).evaluate('o=>o.selected'))
    was = p.data(1, 1); table.select_option(index=other); p.changes(lambda: p.data(1, 1), was); p.settle(2000); read_ready(p); assert p.data(1, 1) not in (None, was); p.shot('board_3')
    p.close()
    return took

def states(lab, browser):
    "Slide the coupling: a network beside the exact state"
    notebook(lab.folder/'states.ipynb', "import torch; torch.set_num_threads(1)\nfrom qnb.dashboards.states import CouplingExplorer, example\nrun = example('states-runs', progress=False)", "v = CouplingExplorer(run)\nv")
    p = Page(lab, browser, 'states.ipynb')
    look, line, numbers = (lambda: p.data(0, 1)), (lambda: p.pg.evaluate(f"{p.figure(1)}.layout.shapes[1].x0")), (lambda: p.pg.locator('.qnb-numbers:visible').inner_text())
    read_ready(p); p.shot('states_1')
    took = dict(run_all=p.seconds, points=p.data(1, 1)[0][0], drag=p.drag('V', look, 40), steps=p.arrows('V', look))
    before, at = numbers(), line(); p.press('8', look); assert line()==8!=at and numbers()!=before, (line(), at)
    p.drag('checkpoint', lambda: p.data(1, 16), -120); read_ready(p); p.shot('states_2')
    p.choose('control', 'untrained network', lambda: p.data(1, 17)); read_ready(p)
    p.pg.locator('.widget-checkbox:visible', has_text='configurations one by one').locator('input').click(); p.settle(1500)
    assert look()[0][0]==60, look()
    p.pg.locator('.widget-checkbox:visible', has_text='powers of ten').locator('input').click(); p.settle(1500)
    assert p.pg.evaluate(f"{p.figure(0)}._fullLayout.yaxis.type")=='log'; p.shot('states_3')
    assert not any('color:#b42318' in h for h in p.pg.evaluate("[...document.querySelectorAll('.qnb-status')].map(e=>e.outerHTML)"))
    p.close()
    return took

def spectrum(lab, browser):
    "Slide the range of the gates: the beliefs that a recurrence can hold"
    notebook(lab.folder/'spectrum.ipynb', "from qnb.dashboards.spectrum import SpectrumExplorer", "v = SpectrumExplorer()\nv")
    p = Page(lab, browser, 'spectrum.ipynb')
    cloud, held = (lambda: p.data(0, 1)), (lambda: p.data(0, 3))
    p.pg.wait_for_function(f"{p.figure(0)}?.data?.length>0", timeout=60_000); p.settle(1500); p.shot('spectrum_1')
    was = held(); took = dict(run_all=p.seconds, gates=p.drag('gates', held, 60)); assert held()!=was
    p.shot('spectrum_2')
    was = cloud(); took['beta'] = p.drag('beta', cloud, 40); assert cloud()!=was
    p.choose('process', 'rotor', cloud); p.settle(1500); p.shot('spectrum_3')
    took['angle'] = p.drag('angle', cloud, 40); p.shot('spectrum_4')
    p.close()
    return took

def together(lab, browser):
    "The notebook that `qnb lab` opens: all on one page"
    write_notebooks(lab.folder/'lab')
    p = Page(lab, browser, 'lab/10_dashboards.ipynb')
    read_ready(p)
    took = dict(run_all=p.seconds, figures=p.pg.evaluate("document.querySelectorAll('.js-plotly-plot').length"))
    for k in range(took['figures']):
        g = p.pg.locator('.js-plotly-plot').nth(k)
        if g.is_visible(): g.scroll_into_view_if_needed(); p.settle(400); p.shot(f'together_{k}')
    p.close()
    return took

SCENES = dict(explorer=explorer, film=film, layers=layers, draw=draw, board=board, states=states, spectrum=spectrum, together=together)

def main(out='_browser', *names):
    out = Path(out); out.mkdir(parents=True, exist_ok=True)
    took = {}
    with tempfile.TemporaryDirectory() as d, Lab(d, out) as lab, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which('chromium') or shutil.which('google-chrome'), args=ARGS)
        for name in names or SCENES:
            t = time.time()
            try: took[name] = SCENES[name](lab, browser)
            except Exception:
                for c in browser.contexts:
                    for pg in c.pages: pg.screenshot(path=out/f'{name}_failed.png')
                for line in Page.last.complaints: print('   ', line[:400])
                raise
            (out/'timings.json').write_text(json.dumps(took, indent=1))
            steps = [1e3*s for s in took[name].get('steps', [])]
            print(f'{name}: {time.time()-t:.0f} s'+(f', {took[name].get("points", 0):,} points, one step {statistics.median(steps):.0f} ms (median of {len(steps)}, worst {max(steps):.0f})' if steps else '')+''.join(f'; {k} {v:.1f} s' for k,v in took[name].items() if k in ('lasso','film_after_click')), flush=True)
        browser.close()

if __name__=='__main__': main(*sys.argv[1:])
