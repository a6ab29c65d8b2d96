// SVG of the player: Verovio's pages cleaned of all that is not drawing, and shapes of our own.

const SVG_ELEMENTS = new Set(
  "svg g defs symbol use path rect ellipse circle line polyline polygon text tspan title desc style".split(" "),
);

function cleanSvg(source) {
  const root = new DOMParser().parseFromString(source, "image/svg+xml").documentElement;
  if (root.localName !== "svg" || root.querySelector("parsererror")) return null;
  for (const element of [root, ...root.querySelectorAll("*")]) {
    const allowed = SVG_ELEMENTS.has(element.localName) && element.namespaceURI === "http://www.w3.org/2000/svg";
    if (!allowed || (element.localName === "style" && /@import|url\s*\(|\\/i.test(element.textContent))) {
      element.remove();
      continue;
    }
    for (const { name, localName, value } of [...element.attributes]) {
      const outside = localName === "href" && !value.startsWith("#");
      if (localName.startsWith("on") || outside || /url\s*\(\s*['"]?[^#'"\s]|javascript:/i.test(value)) {
        element.removeAttribute(name);
      }
    }
  }
  return document.adoptNode(root);
}

function drawn(name, attributes = {}) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

const rectangle = (name, { x, y, width, height }) =>
  drawn("rect", { class: name, x, y, width, height, rx: name === "cursor" || name === "mark" ? height / 12 : 0 });
