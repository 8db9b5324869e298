"""libxml2: a document parsed, its nodes walked."""
import ctypes

import kaa

x = kaa.load("libxml2.so.2", header=["libxml/parser.h", "libxml/tree.h"], package="libxml-2.0")

text = b"<zoo><ape name='kaa'/><ape name='baloo'/></zoo>"
document = x.xmlReadMemory(text, len(text), "zoo.xml", None, x.XML_PARSE_NONET)
root = x.xmlDocGetRootElement(document)
assert x.xmlChildElementCount(root) == 2
node, names = x.xmlFirstElementChild(root), []
while node:
    value = x.xmlGetProp(node, b"name")
    names.append(ctypes.string_at(value).decode())
    node = x.xmlNextElementSibling(node)
x.xmlFreeDoc(document)
assert names == ["kaa", "baloo"]
print(f"libxml2 {x.LIBXML_DOTTED_VERSION}: {names}")
