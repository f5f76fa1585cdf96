const SVG = new Set(["svg", "g", "path", "rect", "circle", "line", "text", "title", "polyline", "defs", "marker"]);

/** Makes an element. `on…` properties are listeners, `class` and the rest are attributes; `null` children are left out. */
export function h(tag, properties = {}, ...children) {
  const element = SVG.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
      (element.__listeners ||= {})[name.slice(2)] = value;
    } else if (name === "style") {
      // Through the object model: the content security policy forbids style attributes in markup.
      element.style.cssText = value;
    } else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function append(parent, children) {
  for (const child of children) {
    if (child === undefined || child === null || child === false) continue;
    if (Array.isArray(child)) append(parent, child);
    else parent.append(child instanceof Node ? standIn(child) : document.createTextNode(String(child)));
  }
}

// A kept element that is on the page is not taken out of it, which would cost its focus and scroll: an empty copy says
// where it belongs.
function standIn(child) {
  if (!child.isConnected || child.dataset?.keep === undefined) return child;
  const copy = child.cloneNode(false);
  copy.__original = child;
  return copy;
}

/**
 * Makes `root`'s children like `next`, keeping the nodes that stay: focus, selection and scroll survive a live update.
 * Elements with a `data-key` are matched by it, others by place and tag. What is in an element with `data-keep` is its
 * own affair.
 */
export function patch(root, ...next) {
  const wanted = document.createDocumentFragment();
  append(wanted, next);
  patchChildren(root, wanted);
}

function patchChildren(old, fresh) {
  const wanted = [...fresh.childNodes];
  const keys = new Set(wanted.map((node) => node.dataset?.key));
  const keyed = new Map();
  for (const child of [...old.children]) {
    const key = child.dataset?.key;
    if (!key) continue;
    // What goes is taken away first, so that what stays behind it need not be moved.
    if (keys.has(key)) keyed.set(key, child);
    else child.remove();
  }
  let cursor = old.firstChild;
  for (const node of wanted) {
    if (node.__original) {
      if (node.__original === cursor) cursor = cursor.nextSibling;
      else old.insertBefore(node.__original, cursor);
      continue;
    }
    const key = node.dataset?.key;
    const found = key ? keyed.get(key) : undefined;
    const candidate = found || (cursor && !cursor.dataset?.key && !key ? cursor : null);
    if (candidate && same(candidate, node)) {
      if (candidate !== cursor) old.insertBefore(candidate, cursor);
      else cursor = cursor.nextSibling;
      update(candidate, node);
    } else old.insertBefore(settled(node), cursor);
  }
  while (cursor) {
    const gone = cursor;
    cursor = cursor.nextSibling;
    gone.remove();
  }
}

// A new element may have kept ones in it, which move there from where they were.
function settled(node) {
  for (const copy of node.querySelectorAll?.("[data-keep]") ?? []) if (copy.__original) copy.replaceWith(copy.__original);
  return node;
}

function same(left, right) {
  return left.nodeType === right.nodeType && left.nodeName === right.nodeName && left.dataset?.key === right.dataset?.key;
}

function update(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  if (old.hasAttribute("data-keep")) return;
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) === value) continue;
    if (name === "style") old.style.cssText = value;
    else old.setAttribute(name, value);
  }
  const listeners = fresh.__listeners || {};
  for (const [type, listener] of Object.entries(old.__listeners || {})) old.removeEventListener(type, listener);
  for (const [type, listener] of Object.entries(listeners)) old.addEventListener(type, listener);
  old.__listeners = listeners;
  // What somebody has typed or chosen stays; only a box that is ticked by the page's own state follows it.
  if (old.nodeName === "INPUT" && old.type === "checkbox") old.checked = fresh.checked;
  if (old.nodeName === "INPUT" || old.nodeName === "SELECT" || old.nodeName === "TEXTAREA") return;
  patchChildren(old, fresh);
}
