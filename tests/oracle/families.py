"""The families that exist; a family is a module with FAMILY, OUTCOMES and CODES."""
import importlib
import os

NAMES = ("contract", "action", "reward", "job", "order")
_HERE = os.path.dirname(os.path.abspath(__file__))


def modules():
    return {name: importlib.import_module(name) for name in NAMES
            if os.path.exists(os.path.join(_HERE, name + ".py"))}


def families():
    return [module.FAMILY for module in modules().values()]
