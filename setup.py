"Packaging for qnb: everything that can change lives in settings.ini"
from configparser import ConfigParser
from pathlib import Path
from setuptools import setup, find_packages
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

root = Path(__file__).parent
ini = ConfigParser(delimiters='=')
ini.read(root/'settings.ini', encoding='utf-8')
cfg = ini['DEFAULT']

reqs = lambda key: cfg.get(key, '').split()
extras = {name: reqs(f'{name}_requirements') for name in ('dev', 'gpu', 'molecules', 'cluster')}
extras['all'] = sorted({r for rs in extras.values() for r in rs})

notebooks = sorted((root/'nbs'/'tutorials').glob('*.ipynb'))    # these travel with the package, for `qnb lab`

class WithSources(sdist):
    "An sdist that carries settings.ini and the notebooks, which this file needs when a wheel is built from it"
    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, [*files, 'settings.ini', *(p.relative_to(root).as_posix() for p in notebooks)])

class WithNotebooks(build_py):
    "A wheel in which the tutorials and the dashboards notebook lie in `qnb/notebooks`"
    def run(self):
        super().run()
        if getattr(self, 'editable_mode', False): return           # a checkout has them already
        to = Path(self.build_lib)/cfg['lib_path']/'notebooks'
        self.mkpath(str(to))
        for p in notebooks: self.copy_file(str(p), str(to/p.name))

setup(
    cmdclass={'sdist': WithSources, 'build_py': WithNotebooks},
    name=cfg['lib_name'], version=cfg['version'], description=cfg['description'],
    author=cfg['author'], author_email=cfg['author_email'], url=cfg['git_url'], keywords=cfg['keywords'].split(),
    license='Apache-2.0', license_files=['LICENSE'], python_requires='>='+cfg['min_python'],
    classifiers=['Development Status :: 3 - Alpha', 'Intended Audience :: Science/Research', 'Programming Language :: Python :: 3',
                 'Topic :: Scientific/Engineering :: Artificial Intelligence', 'Topic :: Scientific/Engineering :: Physics'],
    packages=find_packages(include=[cfg['lib_path'], cfg['lib_path']+'.*']),
    package_data={'qnb.molecules': ['*.xz']},                       # the list of enumerated molecules
    install_requires=reqs('requirements'), extras_require=extras,
    entry_points={'console_scripts': [cfg['console_scripts']], 'nbdev': [f"{cfg['lib_path']}={cfg['lib_path']}._modidx:d"]},
    long_description=(root/'README.md').read_text(encoding='utf-8'), long_description_content_type='text/markdown',
    zip_safe=False,
)
