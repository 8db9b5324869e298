"""libxml2: a document that is freed by itself, and its tree, walked by pointers."""
import gc

import kaa

x = kaa.load("libxml2.so.2", """
    [[kaa::free(xmlFreeDoc)]] xmlDocPtr xmlReadMemory(
        const char *buffer [[kaa::length(size)]], int size, const char *URL,
        const char *encoding, int options);
    [[kaa::borrow(doc)]] xmlNodePtr xmlDocGetRootElement(const xmlDoc *doc);
    [[kaa::free(xmlFree)]] xmlChar *xmlGetProp(const xmlNode *node, const xmlChar *name);
""", header=["libxml/parser.h", "libxml/tree.h"], package="libxml-2.0")

text = b"<zoo><ape name='kaa'/>and<ape name='baloo'><toy/></ape></zoo>"
document = x.xmlReadMemory(text, URL="zoo.xml", encoding=None, options=x.XML_PARSE_NONET)
assert document.type == x.XML_DOCUMENT_NODE


def walk(node, depth=0):
    while node:
        if node.type == x.XML_ELEMENT_NODE:
            yield depth, kaa.text(node.name), node
            yield from walk(node.children, depth + 1)
        node = node.next


found = list(walk(x.xmlDocGetRootElement(document)))
assert [(depth, name) for depth, name, _ in found] == [
    (0, "zoo"), (1, "ape"), (1, "ape"), (2, "toy")
]
names = [kaa.text(x.xmlGetProp(node, b"name")) for _, name, node in found if name == "ape"]
assert names == ["kaa", "baloo"]
toy = found[-1][2]
del document, found
gc.collect()
assert kaa.text(toy.parent.parent.name) == "zoo"  # every node keeps the document
print(f"libxml2 {x.LIBXML_DOTTED_VERSION}: {names}")
