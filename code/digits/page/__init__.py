"""The part of the HTML report that runs networks in the reader's browser.

`weights` packs trained networks into a stored result, whose file of arrays the
page carries as it is; `still` is what is seen of it on paper and without
script. The scripts are in code/page.
"""

from digits.page.still import still_picture
from digits.tasks.page import PageConfig, pack_networks

__all__ = ["PageConfig", "pack_networks", "still_picture"]
