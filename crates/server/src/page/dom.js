// Making and mending pieces of the page. What did not change is left alone, so that focus, selection and scroll stay.

/** An element: `make("a", { href: "#/", class: "x" }, "text", child, …)`. Children that are null are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") element.style.cssText = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** Writes a text where it differs. */
export function say(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** Brings the children of `list` in line with `items`: one child for each key, drawn anew only if the item changed. */
export function keep(list, items, keyOf, draw, empty) {
  const drawn = list.dataset.drawn === "yes";
  list.dataset.drawn = "yes";
  const shown = items.length ? items : [{ empty }];
  const known = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let place = list.firstElementChild;
  for (const item of shown) {
    const key = items.length ? String(keyOf(item)) : "nothing";
    const print = JSON.stringify(item);
    let child = known.get(key);
    known.delete(key);
    if (!child || child.print !== print) {
      const made = items.length ? draw(item) : make(list.tagName === "TBODY" ? "tr" : "li", {}, blank(list, empty));
      made.dataset.key = key;
      made.print = print;
      if (!child && drawn && items.length) made.classList.add("fresh");
      if (child) {
        if (place === child) place = made;
        child.replaceWith(made);
      }
      child = made;
    }
    if (child === place) place = place.nextElementSibling;
    else list.insertBefore(child, place);
  }
  for (const gone of known.values()) gone.remove();
}

function blank(list, empty) {
  return list.tagName === "TBODY" ? make("td", { colspan: 9, class: "empty" }, empty) : make("p", { class: "empty" }, empty);
}

/** A card with its heading, an aside at its right, and its content. */
export function card(title, aside, ...content) {
  return make("section", { class: "card" }, make("div", { class: "top" }, make("h2", {}, title), aside && make("span", { class: "aside" }, aside)), ...content);
}

/** A table whose body is to be kept; columns are `name` or `[name, class]`. On a phone, `stacked` rows become blocks. */
export function table(name, columns, body, stacked = true) {
  const head = columns.map((column) => {
    const [label, kind] = Array.isArray(column) ? column : [column, ""];
    return make("th", { scope: "col", class: kind || null }, label);
  });
  const whole = make("table", { class: stacked ? "stacked" : null }, make("thead", {}, make("tr", {}, head)), body);
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": name }, whole);
}

/** A point in time, with the whole of it on hover. */
export function moment(text, long = false) {
  const date = new Date(text);
  const clock = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const today = date.toDateString() === new Date().toDateString();
  const day = date.toLocaleDateString([], { day: "numeric", month: "short" });
  const shown = long || !today ? `${today ? "" : `${day}, `}${clock}` : clock;
  return make("time", { datetime: text, title: date.toLocaleString() }, shown);
}
