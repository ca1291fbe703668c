// Files that the console makes itself.

const SCALE = 2;
/** What a picture takes from the style sheet, which a file does not have. */
const STYLED = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "font-family", "font-size", "font-weight", "text-anchor"];

export function save(name: string, type: string, content: BlobPart): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

export function savePicture(picture: SVGSVGElement, name: string, kind: "svg" | "png"): void {
  const text = new XMLSerializer().serializeToString(standing(picture));
  if (kind === "svg") return save(`${name}.svg`, "image/svg+xml", text);
  const image = new Image();
  const { width, height } = picture.viewBox.baseVal;
  image.onload = () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: width * SCALE, height: height * SCALE });
    const pen = canvas.getContext("2d");
    pen?.scale(SCALE, SCALE);
    pen?.drawImage(image, 0, 0);
    canvas.toBlob((blob) => blob && save(`${name}.png`, "image/png", blob));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}

/** A copy that needs no style sheet, on the ground that it stands on. */
function standing(picture: SVGSVGElement): SVGSVGElement {
  const copy = picture.cloneNode(true) as SVGSVGElement;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const [from, to] = [picture.querySelectorAll("*"), copy.querySelectorAll("*")];
  from.forEach((node, index) => {
    const style = getComputedStyle(node);
    const text = STYLED.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";");
    to[index]?.setAttribute("style", text);
  });
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("style", `fill:${getComputedStyle(document.body).backgroundColor}`);
  copy.prepend(ground);
  return copy;
}
