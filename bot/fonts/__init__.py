"""Noto Sans for documents: Latin, Greek and Cyrillic, cut from version 2.015 (LICENSE-OFL.txt).

Made with fontTools from the variable font: its regular instance, and the characters from U+0020 to
U+052F and U+1E00 to U+214F without hints.
"""

from importlib import resources

REGULAR = resources.files(__name__).joinpath("NotoSans-Regular.ttf")
