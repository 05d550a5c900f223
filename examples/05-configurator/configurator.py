"""Lets the command line replace the settings of the script that executes this file.

Run with exec() from a script's top level, after its settings and before their use:
    python train.py config/quick.py --lr=0.1
A bare word is a Python file of further settings; --name=value replaces one setting by a value of the same type.
Words are taken in their order, so a later one wins.
"""

import ast
import sys


def _replace(settings, name, text):
    if name not in settings:
        raise SystemExit(f"there is no setting called {name}")
    before = settings[name]
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        value = text
    if type(value) is not type(before):
        raise SystemExit(f"{name} is a {type(before).__name__}, {text} is a {type(value).__name__}")
    settings[name] = value


for _word in sys.argv[1:]:
    if _word.startswith("--"):
        _name, _equals, _text = _word[2:].partition("=")
        if not _equals:
            raise SystemExit(f"write {_word}=value")
        _replace(globals(), _name, _text)
    else:
        with open(_word) as _file:
            exec(_file.read())
