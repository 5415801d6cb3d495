"Packaging for qnb: everything that can change lives in settings.ini"
from configparser import ConfigParser
from pathlib import Path
from setuptools import setup, find_packages
from setuptools.command.sdist import sdist

root = Path(__file__).parent
ini = ConfigParser(delimiters='=')
ini.read(root/'settings.ini', encoding='utf-8')
cfg = ini['DEFAULT']

reqs = lambda key: cfg.get(key, '').split()
extras = {name: reqs(f'{name}_requirements') for name in ('dev', 'gpu', 'molecules', 'cluster')}
extras['all'] = sorted({r for rs in extras.values() for r in rs})

class WithIni(sdist):
    "An sdist that carries settings.ini, which this file needs when a wheel is built from it"
    def make_release_tree(self, base_dir, files): super().make_release_tree(base_dir, [*files, 'settings.ini'])

setup(
    cmdclass={'sdist': WithIni},
    name=cfg['lib_name'], version=cfg['version'], description=cfg['description'],
    author=cfg['author'], author_email=cfg['author_email'], url=cfg['git_url'], keywords=cfg['keywords'].split(),
    license='Apache-2.0', license_files=['LICENSE'], python_requires='>='+cfg['min_python'],
    classifiers=['Development Status :: 3 - Alpha', 'Intended Audience :: Science/Research', 'Programming Language :: Python :: 3',
                 'Topic :: Scientific/Engineering :: Artificial Intelligence', 'Topic :: Scientific/Engineering :: Physics'],
    packages=find_packages(include=[cfg['lib_path'], cfg['lib_path']+'.*']),
    install_requires=reqs('requirements'), extras_require=extras,
    entry_points={'console_scripts': [cfg['console_scripts']], 'nbdev': [f"{cfg['lib_path']}={cfg['lib_path']}._modidx:d"]},
    long_description=(root/'README.md').read_text(encoding='utf-8'), long_description_content_type='text/markdown',
    zip_safe=False,
)
